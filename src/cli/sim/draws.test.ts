/** The draws of a run, and what `sim determinism` says of runs that are not the same. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { program, runCommand } from "../run-command.test-support.ts"

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
    const directory = mkdtempSync(join(tmpdir(), "aplomb-draws-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const preload = join(directory, "preload.mjs")
    // What is hashed is another in each process, and nothing else.
    writeFileSync(
      preload,
      `import zlib from "node:zlib"
      import { syncBuiltinESMExports } from "node:module"
      const { crc32 } = zlib
      zlib.crc32 = (data, value) => (crc32(data, value) ^ process.pid) >>> 0
      syncBuiltinESMExports()`
    )
    const noise = spawnSync(process.execPath, [program, ..."sim determinism t019 --seeds 1".split(" ")], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: `--import ${preload}` }
    })
    expect(noise.stderr).toMatch(
      /^aplomb: seed 1 differs: 1 inline .+ ok and 1 inline .+ ok\nrun twice more, /
    )
    expect(noise.stderr).toMatch(/all \d+ draws were the same\n$/)
    expect(noise.status).toBe(1)
  })

  it("are not looked for where a run differs by what was run before it", () => {
    const directory = mkdtempSync(join(tmpdir(), "aplomb-outlives-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const preload = join(directory, "preload.mjs")
    // What is hashed depends on how often it was hashed before, in this run or another.
    writeFileSync(
      preload,
      `import zlib from "node:zlib"
      import { syncBuiltinESMExports } from "node:module"
      const { crc32 } = zlib
      let calls = 0
      zlib.crc32 = (data, value) => (crc32(data, value) ^ (++calls > 5000 ? 1 : 0)) >>> 0
      syncBuiltinESMExports()`
    )
    const noise = spawnSync(process.execPath, [program, ..."sim determinism t019 --seeds 2".split(" ")], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: `--import ${preload}` }
    })
    expect(noise.stderr).toContain(
      "alone in two processes it is the same: something outlives the runs before it"
    )
    expect(noise.status).toBe(1)
  })
})
