/** What is checked before a run begins and after it has ended counts as much as what is checked in it. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { always, sometimes } from "../assert.ts"
import { simulate } from "../simulation.ts"
import { simulationTests } from "../vitest.ts"
import type { Workload } from "../workload/workload.ts"

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

  // Assembled, so that the rule against real randomness does not see it.
  const drawsForReal = () => (globalThis as never as { Math: { random(): number } }).Math["random"]()

  it("that uses the real world is a finding that names the place", () => {
    const leaking = simulate("setup").setup((world) => {
      const pauseMs = drawsForReal()
      world.addProcess({ name: "a", program: () => Effect.sleep(pauseMs) })
    })
    const { failure } = leaking.run({ seed: 1 })
    expect(failure).toMatchObject({ kind: "kernel", name: "leaked" })
    expect(failure!.message).toMatch(/^Math.random was used at drawsForReal .*run.test/)
  })

  it("whose workload uses the real world is one, too", () => {
    const leaking = simulate("setup").workload(() => {
      const clientCount = 1 + Math.floor(drawsForReal())
      return { name: "around-a-run", clientCount, run: () => Effect.void }
    })
    expect(leaking.run({ seed: 1 }).failure).toMatchObject({ kind: "kernel", name: "leaked" })
  })

  it("that throws says so to whoever runs it, and the next one begins as ever", () => {
    const throwing = simulate("setup").setup(() => {
      throw new Error("out of names")
    })
    expect(() => throwing.run({ seed: 1 })).toThrow("out of names")
    expect(simulate("next").run({ seed: 1 }).failure).toBeUndefined()
  })
})

describe("a history", () => {
  /** Writes that overlap, two of the same, and reads that see them in an order which must be looked for. */
  const overlapping = simulate("overlapping").setup(({ history }) => {
    const writers = ["a", "b", "a"].map((value) => history.invoke(history.newProcess(), "put", "k", value))
    const reader = history.newProcess()
    for (const seen of ["a", "b", "a"]) history.ok(history.invoke(reader, "get", "k", null), seen, 0)
    for (const writer of writers) history.open(writer, "nobody answered")
  })

  it("that is not decided in the steps allowed is told, and is no finding", () => {
    const run = overlapping.run({ seed: 1, historyStepsMax: 0 })
    expect(run.failure).toBeUndefined()
    expect(run.undecidedKeys).toEqual(["k"])
  })

  it("that is decided is not", () => {
    const run = overlapping.run({ seed: 1 })
    expect([run.failure, run.undecidedKeys]).toEqual([undefined, []])
  })

  it("must be decided where a test demands coverage", () => {
    const hard = overlapping.run({ seed: 1, historyStepsMax: 0 })
    const simulation = { name: "overlapping", run: () => hard } as never
    const test = (demandCoverage: boolean) => () =>
      simulationTests((_, run) => run())("decided", simulation, { seeds: 1, demandCoverage })
    expect(test(false)).not.toThrow()
    expect(test(true)).toThrow(/1 history was not decided/)
  })
})
