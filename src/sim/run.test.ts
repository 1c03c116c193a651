/** What is checked before a run begins and after it has ended counts as much as what is checked in it. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { always, sometimes } from "./assert.ts"
import { simulate } from "./simulation.ts"
import { simulationTests } from "./vitest.ts"
import type { Workload } from "./workload/workload.ts"

const sound = always("around-a-run: all is sound")
const ended = sometimes("around-a-run: the end was seen")

const checking = (check: Workload["check"]) =>
  simulate("checking").workload(() => ({
    name: "around-a-run",
    clientCount: 1,
    run: () => Effect.void,
    ...(check === undefined ? {} : { check })
  }))

describe("the check of a workload", () => {
  it("breaks an `always` as the run itself would", () => {
    const { failure } = checking(() => void sound.check(false, () => "a is missing")).run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "assertion", name: "around-a-run: all is sound" })
    expect(failure!.message).toContain("a is missing")
  })

  it("makes a `sometimes` hold", () => {
    const { failure, coverage } = checking(() => void ended.check(true)).run({ seed: 1 })
    expect(failure).toBeUndefined()
    expect(coverage.counts["around-a-run: the end was seen"]).toBe(1)
  })

  it("may throw: a finding of the seed, which the test names", () => {
    const throwing = checking(() => {
      throw new Error("expected 3 to be 4")
    })
    const { failure } = throwing.run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "workload", name: "around-a-run" })
    const test = () => simulationTests((_, run) => run())("throws", throwing, { from: 7 })
    expect(test).toThrow(/fails with seed 7 \(workload\): Error: expected 3 to be 4/)
  })
})

describe("a setup", () => {
  it("that breaks an `always` is a finding", () => {
    const { failure } = simulate("setup")
      .setup(() => sound.check(false))
      .run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "assertion", name: "around-a-run: all is sound" })
  })
})
