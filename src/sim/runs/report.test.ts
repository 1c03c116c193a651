/** What a report says of the assertions that its runs came by. */
import { describe, expect, it } from "vitest"
import type { Assertion } from "../assert.ts"
import { noCoverage } from "../assert-coverage.ts"
import { reportLines, Tally } from "./report.ts"
import type { RunResult } from "./result.ts"

const declared: ReadonlyArray<Assertion> = [
  { kind: "sometimes", name: "a number is odd" },
  { kind: "always", name: "a number is a number" },
  { kind: "watermark", name: "the largest number" },
  { kind: "sometimes", name: "letters: a letter is large" }
]

const reportOf = (...reached: ReadonlyArray<string>) => reportLines(tallied(reached).report(declared))

const tallied = (reached: ReadonlyArray<string>, undecidedKeys: ReadonlyArray<string> = []) => {
  const tally = new Tally()
  tally.add(
    {
      simulation: "numbers",
      recipe: "1",
      failure: undefined,
      undecidedKeys,
      figures: { steps: 1, draws: 1, messages: 1, virtualMs: 1, operations: 0, acknowledged: 0 },
      coverage: { ...noCoverage, counts: Object.fromEntries(reached.map((name) => [name, 1])) },
      families: [],
      scopes: [],
      defects: {},
      strikes: {}
    } as unknown as RunResult,
    1
  )
  return tally
}

describe("a report", () => {
  it("says that all was reached that its runs could reach", () => {
    const lines = reportOf("a number is odd", "a number is a number")
    expect(lines.at(-1)).toBe("all 2 assertions that are demanded were reached")
  })

  it("counts and names the runs whose history was not decided", () => {
    const report = tallied([], ["a key"]).report(declared)
    expect(report.undecided).toEqual(["1"])
    const [first, second] = reportLines(report)
    expect(first).toMatch(/^1 seeds, 0 findings, 1 undecided; /)
    expect(second).toBe("1 history was not decided, and may be wrong: seeds 1")
    expect(reportLines(tallied([]).report(declared)).join()).not.toContain("decided")
  })

  it("names what was not reached", () => {
    const lines = reportOf("a number is odd")
    expect(lines).toContain('not reached: always "a number is a number"')
    expect(lines.join("\n")).not.toContain("were reached")
  })
})
