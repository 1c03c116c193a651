/**
 * What cannot be written is told, whoever asked for it: a dump that is cut off must not look like a whole
 * one.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { program } from "./run-command.test-support.ts"

/** A line of the shell in which `$list` prints some kilobytes on stdout. */
const shell = (line: string) =>
  spawnSync("/bin/bash", ["-c", line], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, list: `${process.execPath} ${program} sim list` }
  })

describe("the output of a command", () => {
  it("that a full disk does not take is a failure with a sentence", () => {
    const { status, stderr } = shell("$list > /dev/full")
    expect(stderr).toMatch(/^aplomb: the output cannot be written: ENOSPC.*\n$/)
    expect(status).toBe(1)
  })

  it("that is lost of the help is one as well", () => {
    const { status, stderr } = shell(`${process.execPath} ${program} --help > /dev/full`)
    expect(stderr).toMatch(/^aplomb: the output cannot be written: ENOSPC.*\n$/)
    expect(status).toBe(1)
  })

  it("that a file takes in part, and no more of, is a failure with a sentence", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-output-"))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const path = join(directory, "list")
    const { status, stderr } = shell(`trap '' XFSZ; ulimit -f 1; exec $list > ${path}`)
    expect(stderr).toMatch(/^aplomb: the output cannot be written: EFBIG.*\n$/)
    expect(status).toBe(1)
    expect(statSync(path).size).toBe(1024)
  })

  it("that nobody reads to its end is none", () => {
    const { status, stdout, stderr } = shell("set -o pipefail; $list | head -c 5")
    expect([status, stdout.length, stderr]).toEqual([0, 5, ""])
  })
})
