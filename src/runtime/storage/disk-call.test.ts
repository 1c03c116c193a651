/** What the system says of a file is passed on with what to do about it. */
import { expect, it } from "vitest"
import { failed } from "./disk-call.ts"

const said = (code: string, what: string): string =>
  failed("open", "d/wal", Object.assign(new Error(`${code}: ${what}`), { code })).message

it("says what is in the way, and who lacks a right", () => {
  expect(said("EEXIST", "file already exists")).toBe(
    "open of d/wal failed: EEXIST: file already exists; " +
      "something that is no directory is in its way: move that away, or give another directory"
  )
  expect(said("ENOTDIR", "not a directory")).toContain("move that away, or give another directory")
  for (const code of ["EACCES", "EPERM"])
    expect(said(code, "no")).toContain("give the user of this process the right to read and write")
  expect(said("EROFS", "read-only")).toContain("mount it so that it can be written")
})

it("leaves alone what it has no advice for, and what is no error of the system", () => {
  expect(said("EIO", "input/output error")).toBe("open of d/wal failed: EIO: input/output error")
  expect(failed("open", "d", "a word").message).toBe("open of d failed: a word")
  expect(said("ENOSPC", "no space")).toContain("free some space")
})
