/** What can be no stdin is refused: taken for an empty one, it would be written, or be called sound. */
import { closeSync, openSync } from "node:fs"
import { tmpdir } from "node:os"
import { describe, expect, it } from "vitest"
import { runCommandIn, runCommandOn } from "./run-command.test-support.ts"

const onDirectory = (words: ReadonlyArray<string>) => {
  const descriptor = openSync(tmpdir(), "r")
  try {
    return runCommandOn(descriptor, words)
  } finally {
    closeSync(descriptor)
  }
}

const words = ["kv", "put", "color", "-", "--servers", "127.0.0.1:9", "--timeout", "300ms"]

describe("stdin that is closed", () => {
  it("is refused, and no empty value is put; one that is empty is taken", () => {
    const { status, stdout, stderr } = runCommandIn("<&-", words)
    expect(stderr).toMatch(/^aplomb: stdin cannot be read: it is closed, or open for writing; give < .+\n$/)
    expect([status, stdout]).toEqual([2, ""])
    expect(runCommandIn("<&-", ["check-history", "-"]).status).toBe(2)
    expect(runCommandIn("</dev/null", words).stderr).toMatch(/^aplomb: no bus at /)
    expect(runCommandIn("</dev/null", ["check-history", "-"]).status).toBe(0)
  })
})

describe("stdin that is a directory", () => {
  it("is refused, and no empty value is put", () => {
    expect(onDirectory(words)).toEqual({
      status: 2,
      stdout: "",
      stderr: "aplomb: stdin cannot be read: it is neither a file nor a pipe\n"
    })
  })
})
