/** Campaigns over all scenarios go on where they were left, and their page adds up what was run. */
import { describe, expect, it } from "vitest"
import { type Batch, nextScenario, nextSeed, pageOf, readRecord } from "../scripts/campaign-record.ts"

const batch = (scenario: string, from: number, seeds: number, more: Partial<Batch> = {}): Batch => ({
  scenario,
  from,
  seeds,
  code: "abc1234",
  date: "2026-01-02",
  messages: 1000 * seeds,
  virtualMs: 36_000 * seeds,
  cpuMs: 50 * seeds,
  findings: [],
  unseen: [],
  ...more
})

const rowOf = (page: string, scenario: string) =>
  page.split("\n").find((line) => line.startsWith(`| \`${scenario}\``))

describe("a campaign goes on", () => {
  it("with the scenario that has the fewest seeds, behind the last of them, until all have enough", () => {
    const scenarios = ["a", "b", "c"]
    const batches = [batch("a", 1, 500), batch("b", 1, 500), batch("b", 501, 500)]
    expect(nextScenario(batches, scenarios, 1000)).toBe("c")
    expect(nextSeed(batches, "c")).toBe(1)
    expect(nextScenario([...batches, batch("c", 1, 1000)], scenarios, 1000)).toBe("a")
    expect(nextSeed(batches, "b")).toBe(1001)
    const all = [...batches, batch("c", 1, 1000), batch("a", 501, 500)]
    expect(nextScenario(all, scenarios, 1000)).toBeUndefined()
  })

  it("from its record, and says which line it cannot read", () => {
    const batches = [batch("a", 1, 500), batch("b", 1, 20)]
    const text = batches.map((one) => `${JSON.stringify(one)}\n`).join("")
    expect(readRecord(text)).toEqual(batches)
    expect(() => readRecord(`${text}{"scenario"`)).toThrow("line 3 of the record is no JSON")
  })
})

describe("the page of a campaign", () => {
  it("adds up what was run, by each code, and names what was found and what was never seen", () => {
    const batches = [
      batch("a", 1, 500, { unseen: ["a rare thing", "a thing"] }),
      batch("a", 501, 500, { unseen: ["a rare thing"], findings: ["seed 7"], code: "def5678" })
    ]
    const page = pageOf(batches, ["a", "b"])
    expect(rowOf(page, "a")).toBe(
      "| `a` | 1,000 | 1,000,000 | 10.0 | seed 7 | a rare thing | abc1234, def5678 |"
    )
    expect(rowOf(page, "b")).toBe("| `b` | 0 | | | | | |")
    expect(page).toContain("1,000 runs")
  })
})
