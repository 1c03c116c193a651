/** Seeded bugs: the simulator finds some of each kind within a few runs. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { runCampaign } from "../src/sim/mutants/campaign.ts"
import { mutants } from "../src/sim/mutants/catalogue.ts"
import type { Mutant } from "../src/sim/mutants/mutant.ts"
import { formatResult, formatSummary, markdownOf } from "../src/sim/mutants/report.ts"

const tryOut = (chosen: ReadonlyArray<Mutant>, seeds: number, hangMs = 60_000) =>
  Effect.runPromise(Effect.scoped(runCampaign({ mutants: chosen, seeds, hangMs })))

const one = (id: string, edits: Mutant["edits"]): Mutant => ({
  id,
  edits,
  law: "none",
  why: "made for this test",
  scenarios: ["races"]
})

describe("the campaign", () => {
  const few = [
    "acceptor/accepted-before-sync",
    "leader/reads-without-a-round",
    "master/retires-while-a-ballot-is-issued",
    "session/replies-not-kept",
    "kv/cas-ignores-the-revision"
  ]

  it("kills bugs of every kind within forty runs", async () => {
    const chosen = mutants.filter(({ id }) => few.includes(id))
    const results = await tryOut(chosen, 40)
    expect(results.map(({ id }) => id)).toEqual(chosen.map(({ id }) => id))
    for (const result of results) expect(result.killed, formatResult(result)).toBeDefined()
    expect(formatSummary(results)).toMatch(/^5 of 5 mutants killed; runs to kill: median \d+, worst \d+/)
  })

  /** Changes nothing. */
  const comment = {
    file: "machines/kv.ts",
    find: "const answerMaxUnits",
    replace: "const answerMaxUnits /* */"
  }

  it("lets code without a bug live", async () => {
    const [result] = await tryOut([one("sound", [comment])], 5)
    expect(result).toMatchObject({ killed: undefined, problem: undefined, seeds: 5 })
  })

  it("says so when a mutant cannot be tried", async () => {
    const results = await tryOut(
      [
        one("nowhere", [{ file: "machines/kv.ts", find: "nothing of the kind", replace: "" }]),
        one("not loaded", [{ file: "cli/main.ts", find: "enableCompileCache()\n", replace: "" }])
      ],
      5
    )
    expect(results.map(({ problem }) => problem)).toEqual([
      expect.stringContaining("stands there 0 times"),
      expect.stringContaining("does not load cli/main.ts")
    ])
    expect(formatResult(results[0]!)).toContain("BROKEN")
  })

  it("becomes a page with a line for each, found or not", () => {
    const made = [one("a|b", []), one("c", [])]
    const result = { seeds: 7, cpuMs: 1, problem: undefined, failedAnyway: [] }
    const killed = { scenario: "races", seed: 7, law: "some law", message: "" }
    const results = [
      { ...result, id: "a|b", killed },
      { ...result, id: "c", seeds: 9, killed: undefined }
    ]
    const lines = markdownOf(made, results, { date: "2026-01-02", seeds: 9 }).split("\n")
    expect(lines).toContain("| `a\\|b` | made for this test | some law (races) | 7 |")
    expect(lines).toContain("| `c` | made for this test | **nothing** | 9 |")
    expect(lines.find((line) => line.startsWith("2026-01-02"))).toContain("1 of 2 found within 9 runs each")
  })

  it("kills a mutant that hangs, and goes on with the next", async () => {
    const hangs = {
      file: "machines/kv.ts",
      find: 'case "Put":\n      return { changed',
      replace: 'case "Put":\n      for (;;) {}\n      return { changed'
    }
    const [first, second] = await tryOut([one("hangs", [hangs]), one("sound", [comment])], 1, 6_000)
    expect(first!.killed).toMatchObject({ law: "a run ends", seed: 1 })
    expect(second!.killed).toBeUndefined()
  })
})
