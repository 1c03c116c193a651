/** Equal seeds are equal runs, in another process too. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { scenarioNamed } from "../../src/sim/scenarios/named.ts"

const modes = ["inline", "hop", "preempt"] as const

describe("a seed", () => {
  it("is the same run in another process, in every scheduling mode", () => {
    const named = fileURLToPath(new URL("../../src/sim/scenarios/named.ts", import.meta.url))
    const script = `
      import { scenarioNamed } from ${JSON.stringify(named)}
      const run = (mode) => scenarioNamed("t020").run({ seed: 5, scheduler: { mode } }).digest
      console.log(${JSON.stringify(modes)}.map(run).join())`
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8"
    })
    const here = modes.map((mode) => scenarioNamed("t020")!.run({ seed: 5, scheduler: { mode } }).digest)
    expect(child.stdout.trim(), child.stderr).toBe(here.join())
    expect(new Set(here).size).toBe(3)
  })

  it("is the same run whether or not somebody listens", () => {
    let entries = 0
    const run = (listen?: () => void) =>
      scenarioNamed("partitions")!.run({ seed: 9, ...(listen === undefined ? {} : { listen }) }).digest
    expect(run(() => entries++)).toBe(run())
    expect(entries).toBeGreaterThan(1000)
  })
})
