/** The draws of a run, and what `sim determinism` says of runs that are not the same. */
import { describe, expect, it } from "vitest"
import { runCommand, runCommandWith } from "../run-command.test-support.ts"

describe("aplomb sim draws", () => {
  it("prints a fingerprint of each, or where one was made", () => {
    const words = "sim draws t019 --seed 1".split(" ")
    const lines = runCommand(words).stdout.trimEnd().split("\n")
    expect(lines.length).toBeGreaterThan(500)
    expect(lines.every((line) => /^[0-9a-f]{8}$/.test(line))).toBe(true)
    expect(runCommand([...words, "--at", "1"]).stdout).toMatch(/^before anything ran: /)
    expect(runCommand([...words, "--at", String(lines.length)]).stdout).toMatch(/^at \d+\.\d{6} s\n {4}at /)
    const { status, stderr } = runCommand([...words, "--at", String(lines.length + 1)])
    expect(stderr).toBe(`aplomb: seed 1 of t019 makes ${lines.length} draws in mode inline\n`)
    expect(status).toBe(2)
  })

  it("are compared where two runs of a seed differ", () => {
    // What is hashed is another in each process, and nothing else.
    const script = `import zlib from "node:zlib"
      import { syncBuiltinESMExports } from "node:module"
      const { crc32 } = zlib
      zlib.crc32 = (data, value) => (crc32(data, value) ^ process.pid) >>> 0
      syncBuiltinESMExports()`
    const noise = runCommandWith(script, "sim determinism t019 --seeds 1".split(" "))
    expect(noise.stderr).toMatch(
      /^aplomb: seed 1 differs: 1 inline .+ ok and 1 inline .+ ok\nrun twice more, /
    )
    expect(noise.stderr).toMatch(/all \d+ draws were the same\n$/)
    expect(noise.status).toBe(1)
  })

  it("are not looked for where a run differs by what was run before it", () => {
    // What is hashed depends on how often it was hashed before, in this run or another.
    const script = `import zlib from "node:zlib"
      import { syncBuiltinESMExports } from "node:module"
      const { crc32 } = zlib
      let calls = 0
      zlib.crc32 = (data, value) => (crc32(data, value) ^ (++calls > 5000 ? 1 : 0)) >>> 0
      syncBuiltinESMExports()`
    const noise = runCommandWith(script, "sim determinism t019 --seeds 2".split(" "))
    expect(noise.stderr).toContain(
      "alone in two processes it is the same: something outlives the runs before it"
    )
    expect(noise.status).toBe(1)
  })
})
