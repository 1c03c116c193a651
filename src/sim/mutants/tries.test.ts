/** What becomes of the runs of a mutant, those that fail without it included. */
import { describe, expect, it } from "vitest"
import type { JobResult } from "./campaign.ts"
import type { Mutant } from "./mutant.ts"
import { formatFailedAnyway, formatSummary, markdownOf } from "./report.ts"
import type { Trial } from "./trial.ts"
import { type Killed, type Tries, tryMutant } from "./tries.ts"

const mutant: Mutant = { id: "m", edits: [], law: "l", why: "for this test", scenarios: ["a", "b"] }

/** Fails in these runs, by this law. */
const failing =
  (law: string, ...runs: ReadonlyArray<string>): Trial =>
  (scenario, seed) =>
    runs.includes(`${scenario}-${seed}`)
      ? { law, message: `${law} was broken\nat a place`, isStandstill: false }
      : undefined

const tried = (trial: Trial, soundTrial: Trial) => {
  const told: Array<Parameters<Tries["tell"]>[0]> = []
  const result = tryMutant({ mutant, seeds: 10, trial, soundTrial, tell: (word) => told.push(word) })
  const failedAnyway = told.flatMap((word) => (word._tag === "FailedAnyway" ? [word.run] : []))
  return { ...result, failedAnyway }
}

describe("the runs of a mutant", () => {
  it("that fail without it, too, kill nothing and are told, with what they find without it", () => {
    const { ran, killed, failedAnyway } = tried(failing("with", "b-1", "a-3"), failing("without", "b-1"))
    expect(killed).toMatchObject({ scenario: "a", seed: 3, law: "with" })
    expect(ran).toBe(5)
    expect(failedAnyway).toEqual([
      { scenario: "b", seed: 1, law: "without", message: "without was broken\nat a place" }
    ])
  })

  it("are made without it only where they fail with it", () => {
    const never: Trial = () => {
      throw new Error("not needed")
    }
    expect(tried(failing("with"), never)).toEqual({ ran: 10, killed: undefined, failedAnyway: [] })
  })
})

describe("the report of a campaign", () => {
  const anyway: Killed = { scenario: "b", seed: 1, law: "l", message: "why\nat a place" }
  const result = (id: string, failedAnyway: ReadonlyArray<Killed>): JobResult => ({
    id,
    seeds: 3,
    cpuMs: 1,
    killed: undefined,
    problem: undefined,
    failedAnyway
  })

  it("lists a run that fails without a mutant once, whatever mutants met it", () => {
    const results = [result("m", [anyway]), result("n", [anyway, { ...anyway, seed: 2 }])]
    expect(formatFailedAnyway(results)).toEqual([
      "FAILS WITHOUT A MUTANT  b seed 1: l: why",
      "FAILS WITHOUT A MUTANT  b seed 2: l: why"
    ])
    expect(formatSummary(results)).toMatch(/; 2 runs fail without a mutant$/)
    const page = markdownOf([mutant], results, { date: "2026-01-02", seeds: 3 })
    expect(page.split("\n").filter((line) => line === "| b | 1 | l | why |")).toHaveLength(1)
  })

  it("says nothing of them where there are none", () => {
    expect(formatSummary([result("m", [])])).toMatch(/CPU seconds$/)
    expect(markdownOf([mutant], [result("m", [])], { date: "d", seeds: 3 })).not.toContain("without any bug")
  })
})
