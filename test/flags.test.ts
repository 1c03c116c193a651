import { spawnSync } from "node:child_process"
import { statSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "..")
const run = (program: string, ...flags: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [program, ...flags], { cwd: root, encoding: "utf8", timeout: 60_000 })

describe.each([
  "test/torture/main.ts",
  "bench/main.ts",
  "bench/history.ts",
  "bench/floor-disk.ts",
  "bench/peer-etcd.ts"
])("%s", (program) => {
  it("prints its usage where it is asked for help", () => {
    const { status, stdout } = run(program, "--help")
    expect(stdout).toMatch(/^Usage: .+\n$/)
    expect(status).toBe(0)
  })

  it("refuses a flag it does not know with two lines, and no stack trace", () => {
    const { status, stderr } = run(program, "--nope")
    expect(stderr).toMatch(/^Unknown option '--nope'.*\nUsage: .+\n$/)
    expect(status).toBe(2)
  })
})

const timeOf = (path: string): number => statSync(join(root, path)).mtimeMs
const isInstalled = timeOf("package-lock.json") <= timeOf("node_modules/.package-lock.json")

// It would install packages first, where those that are there are out of date.
describe.runIf(isInstalled)("scripts/torture", () => {
  it("prints its usage where it is asked for help, and builds nothing for it", () => {
    const script = spawnSync("/bin/sh", [join(root, "scripts", "torture"), "--help"], {
      cwd: root,
      encoding: "utf8",
      timeout: 60_000
    })
    expect([script.status, script.stderr]).toEqual([0, ""])
    expect(script.stdout).toMatch(/^Usage: npm run torture .+\n$/)
  })
})

describe("a number of a flag", () => {
  it.each([
    ["bench/main.ts", "rounds", "0", "whole number, 1 or more"],
    ["bench/overwrites.ts", "size", "600000", "whole number, from 0 to 500000"],
    ["bench/idle-groups.ts", "seconds", "abc", "number, 0.1 or more"],
    ["test/torture/main.ts", "clients", "1.5", "whole number, 1 or more"]
  ])("is refused by a sentence where it makes no sense: %s --%s %s", (program, flag, value, expected) => {
    const { status, stdout, stderr } = run(program, `--${flag}`, value)
    expect([status, stdout]).toEqual([2, ""])
    expect(stderr).toBe(`--${flag} takes a ${expected}; "${value}" is none\n`)
  })

  it("is no kind of fault that every object has", () => {
    const { status, stderr } = run("test/torture/main.ts", "--kinds", "toString")
    expect(stderr).toMatch(/^"toString" is no kind of fault; kinds are /)
    expect(status).toBe(2)
  })
})
