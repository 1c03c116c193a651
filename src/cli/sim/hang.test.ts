/** A run that never yields is found, told and kept, and its command comes to an end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { runCommandWith } from "../run-command.test-support.ts"

// Whatever hashes something in a thread never comes back.
const spinning = `import zlib, { crc32 } from "node:zlib"
  import { syncBuiltinESMExports } from "node:module"
  import { isMainThread } from "node:worker_threads"
  zlib.crc32 = isMainThread ? crc32 : () => { for (;;) {} }
  syncBuiltinESMExports()`

it("a campaign and an exploration end with a finding where runs hang", () => {
  const directory = mkdtempSync(join(tmpdir(), "aplomb-hang-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const out = join(directory, "out")
  for (const words of ["run t019 --seeds 3", "explore t019 --runs 3"]) {
    const flags = ["--jobs", "1", "--hang", "100ms", "--out", out]
    const { status, stderr } = runCommandWith(spinning, ["sim", ...words.split(" "), ...flags])
    expect(stderr).toMatch(/^hang a run ends, seed 1: the run took more than 100 ms of real time /)
    expect(stderr).toContain(`\n  kept in ${join(out, "t019-1")}; aplomb sim replay t019 --seed 1\n`)
    expect(status).toBe(1)
    expect(readdirSync(join(out, "t019-1"))).toEqual(["failure.json"])
    const kept = JSON.parse(readFileSync(join(out, "t019-1", "failure.json"), "utf8"))
    expect(kept.failure).toMatchObject({ kind: "hang", name: "a run ends" })
    expect(kept.note).toMatch(/^There is no trace: /)
    expect(kept.replay).toBe("aplomb sim replay t019 --seed 1")
    rmSync(out, { recursive: true })
  }
})
