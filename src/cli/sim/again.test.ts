/** A finding that does not happen again by itself says so, and is shown behind what ran before it. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { runCommandWith } from "../run-command.test-support.ts"

// State that outlives a run: the third run of a thread fails.
const leaking = `import zlib from "node:zlib"
  import { syncBuiltinESMExports } from "node:module"
  import { parentPort } from "node:worker_threads"
  const { crc32 } = zlib
  let runs = 0
  parentPort?.on("message", () => runs++)
  zlib.crc32 = (...values) => {
    if (runs >= 3) throw new Error("leaked state")
    return crc32(...values)
  }
  syncBuiltinESMExports()`

it("a finding that needs the runs before it says so, and is seen again behind them", () => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-again-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const run = (words: string) =>
    runCommandWith(leaking, [...words.split(" "), "--out", "found", "--json"], directory)
  const first = run("sim run t019 --seeds 9 --from 5 --jobs 1")
  const { findings, runs } = JSON.parse(first.stdout)
  expect([first.status, runs, findings[0].recipe]).toEqual([1, 3, "7"])
  expect(findings[0].failure.message).toContain("leaked state")
  const note = "It did not happen again: run by itself, nothing was wrong."
  expect(findings[0].note.startsWith(note)).toBe(true)
  expect(first.stderr).toContain(`\n  ${note} As a rule something outlives a run`)
  const command = "sim run t019 --known found/t019-7/before.json --seeds 1 --jobs 1"
  expect(first.stderr).toContain(`\n  kept in found/t019-7; aplomb ${command}\n`)
  const second = JSON.parse(run(command).stdout)
  expect(second.findings).toEqual(findings)
})
