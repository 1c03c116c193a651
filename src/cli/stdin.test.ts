/** What can be no stdin is refused: taken for an empty one, it would be written, or be called sound. */
import { closeSync, openSync } from "node:fs"
import { tmpdir } from "node:os"
import { describe, expect, it } from "vitest"
import { runCommandOn } from "./run-command.test-support.ts"

const onDirectory = (words: ReadonlyArray<string>) => {
  const descriptor = openSync(tmpdir(), "r")
  try {
    return runCommandOn(descriptor, words)
  } finally {
    closeSync(descriptor)
  }
}

describe("stdin that is a directory", () => {
  it("is refused, and no empty value is put", () => {
    const words = ["kv", "put", "color", "-", "--servers", "127.0.0.1:9", "--timeout", "300ms"]
    expect(onDirectory(words)).toEqual({
      status: 2,
      stdout: "",
      stderr: "aplomb: stdin cannot be read: it is neither a file nor a pipe\n"
    })
  })
})
