import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "..")
const run = (program: string, flag: string) =>
  spawnSync(process.execPath, [program, flag], { cwd: root, encoding: "utf8", timeout: 20_000 })

describe.each(["test/torture/main.ts", "bench/main.ts", "bench/overwrites.ts"])("%s", (program) => {
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
