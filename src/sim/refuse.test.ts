/** What describes or runs a simulation, and is not what it should be, is refused with a sentence. */
import { Data, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { kvMachine } from "../machines/kv.ts"
import { knob } from "../runtime/buggify.ts"
import { exploreRuns } from "./explore/explore-run.ts"
import { runSeeds } from "./runs/run-seeds.ts"
import { recipesOf } from "./runs/seeds.ts"
import { shrinkRun } from "./shrink/shrink-run.ts"
import { simulate } from "./simulation.ts"
import { candidacies, clientCrashes, clientSuspensions } from "./swarm/process.ts"
import { ledgerClient } from "./workload/client.ts"
import { commands } from "./workload/commands.ts"
import { registers } from "./workload/registers.ts"
import type { Workload } from "./workload/workload.ts"

const short = simulate("short").chaosFor({ min: 100, max: 100 })
const [none, one] = [Number.NaN, { seed: 1 }]
const calm = { name: "calm", share: 0.5, begin: () => Effect.never }
const clients = (clientCount: number): Workload => ({ name: "calls", clientCount, run: () => Effect.void })

/** What is refused, and what the sentence says. */
const refusals: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
  "more acceptors at least than at most": [
    () => short.cluster({ acceptors: { min: 5, max: 3 }, masterApart: 0 }),
    /^cluster: `acceptors` of short is from 5 to 3: give two whole numbers from 1 on, `max` no less than/
  ],
  "no acceptors": [
    () => short.cluster({ acceptors: { min: 0, max: 0 }, masterApart: 0 }),
    /^cluster: `acceptors` of short is from 0 to 0: give two whole numbers from 1 on/
  ],
  "a cluster of no groups": [
    () => short.cluster({ acceptors: { min: 1, max: 1 }, masterApart: 0, groups: 0 }),
    /^cluster: `groups` of short is 0: give a whole number from 1 on$/
  ],
  "masters that there cannot be": [
    () => short.cluster({ acceptors: { min: 1, max: 1 }, masterApart: 0, masters: 2 as 3 }),
    /^cluster: `masters` of short is 2: give one of 1, 3, either$/
  ],
  "a master that is apart too often": [
    () => short.cluster({ acceptors: { min: 1, max: 1 }, masterApart: 2 }),
    /^cluster: `masterApart` of short is 2: give a number from 0 to 1$/
  ],
  "a share of less than nothing": [
    () => short.faults({ ...calm, share: -1 }),
    /^faults: the share of "calm" is -1: give a number from 0 to 1$/
  ],
  "a share that is no number": [
    () => short.faults({ ...calm, share: none }),
    /^faults: the share of "calm" is NaN: give a number from 0 to 1$/
  ],
  "clients that are no number": [
    () => short.workload(() => clients(none)).run(one),
    /short .* seed 1: the clientCount of the workload calls is NaN: give a whole number from 0 on$/
  ],
  "fewer clients than none": [
    () => short.workload(() => clients(-2)).run(one),
    /the clientCount of the workload calls is -2: give a whole number from 0 on$/
  ],
  nodesMax: [() => short.run({ ...one, nodesMax: -1 }), /^nodesMax is -1: give a whole number from 0 on$/],
  clientsMax: [() => short.run({ ...one, clientsMax: none }), /^clientsMax is NaN: give a whole/],
  operationsMax: [() => short.run({ ...one, operationsMax: 0.5 }), /^operationsMax is 0.5: give a whole/],
  chaosMaxMs: [() => short.run({ ...one, chaosMaxMs: -100 }), /^chaosMaxMs is -100: give a number from 0/],
  budgets: [() => short.run({ ...one, budgets: { steps: none } }), /^budgets: steps is NaN: give a number/],
  "a family that there is not": [
    () => short.faults(calm).run({ ...one, without: ["calm", "calm#3", "typo"] }),
    /^without: short has no family of faults "typo"; there are: calm; one strike is such as restarts#2$/
  ],
  "a mode that there is not": [
    () => short.run({ ...one, scheduler: { mode: "bogus" as "hop" } }),
    /^scheduler: mode is bogus: give one of inline, hop, preempt$/
  ],
  "a pause that never comes": [
    () => short.run({ ...one, scheduler: { mode: "preempt", preemptEvery: 0 } }),
    /^scheduler: preemptEvery is 0: give a whole number from 1 on$/
  ],
  "explorations of no run": [() => exploreRuns(short, { runsMax: none }), /^runsMax is NaN: give a whole/],
  "shrinking in no run": [() => shrinkRun(short, { seed: 1, reseeds: [] }, { runsMax: 0 }), /^runsMax is 0/],
  "campaigns of no seeds": [
    () => runSeeds(short, { recipes: recipesOf("short", [], 1, { seeds: none }), stop: { seeds: none } }),
    /^seeds is NaN: give a whole number from 0 on$/
  ],
  "campaigns of no findings": [
    () => runSeeds(short, { recipes: recipesOf("short", [], 1, {}), stop: {}, findingsMax: none }),
    /^findingsMax is NaN/
  ],
  "a knob that turns backwards": [
    () => knob("refuse: backwards", 5, { min: 10, max: 1 }),
    /^knob: "refuse: backwards" is 5, and may be turned from 10 to 1: give numbers from 0 on, `max` no less/
  ],
  "registers without a cluster": [
    () => short.workload(registers).run(one),
    /seed 1: the clients of "registers" ask a cluster: say .cluster\(...\), or leave them out$/
  ],
  "commands without a cluster": [
    () => short.workload(commands({ clients: 1, count: { min: 1, max: 1 } })).run(one),
    /seed 1: the clients of "commands" ask a cluster/
  ],
  "a setup that is async": [
    // @ts-expect-error what is async does not compile either
    () => short.setup(async () => Promise.reject(new Error("too late"))).run(one),
    /seed 1: a setup or workload returned a promise: a run waits for none, so it must not be async$/
  ],
  "a workload that is made later": [
    () => short.workload((async () => clients(1)) as never).run(one),
    /seed 1: a setup or workload returned a promise/
  ]
}

describe("a simulation refuses", () => {
  for (const [what, [make, sentence]] of Object.entries(refusals))
    it(what, () => expect(make).toThrow(sentence))

  it("nothing that is as large as it gets", () => {
    const most = { nodesMax: Infinity, clientsMax: Infinity, operationsMax: 0, chaosMaxMs: Infinity }
    const run = short.faults(calm).run({ ...one, ...most, without: ["calm"], scheduler: {} })
    expect(run).toMatchObject({ failure: undefined, families: [] })
    expect(short.setup(() => 7).run(one).failure).toBeUndefined()
  })
})

describe("faults of what is not there", () => {
  for (const [family, lacks] of [
    [candidacies, "strike a cluster: say .cluster(...), or leave them out"],
    [clientCrashes, "strike clients: say .workload(...), or leave them out"],
    [clientSuspensions, "strike clients: say .workload(...), or leave them out"]
  ] as const)
    it(`are a finding: ${family.name}`, () => {
      const { failure } = short.faults({ ...family, share: 1 }).run(one)
      expect(failure).toMatchObject({ kind: "kernel", name: "a family of faults broke" })
      expect(failure?.message).toContain(`the faults "${family.name}" ${lacks}`)
    })

  it("are none where a smaller run has left the clients out", () => {
    const crashes = short.workload(() => clients(2)).faults({ ...clientCrashes, share: 1 })
    expect(crashes.run({ ...one, clientsMax: 0 }).failure).toBeUndefined()
  })
})

describe("a client of a cluster that there is not", () => {
  it("is a finding that says so", () => {
    const lost = short.setup((world) => {
      const program = () => Effect.ignore(ledgerClient(world, kvMachine))
      world.addProcess({ name: "lost", program })
    })
    const { failure } = lost.run(one)
    expect(failure?.kind).toBe("process")
    expect(failure?.message).toMatch(/^the process lost broke: .*the clients of "lost" ask a cluster/)
  })
})

describe("an error of a program of one's own", () => {
  class BusUnavailable extends Data.TaggedError("BusUnavailable")<{ readonly message: string }> {}
  class DiskFailed extends Data.TaggedError("DiskFailed")<{ readonly message: string }> {}

  for (const error of [new BusUnavailable({ message: "my bus" }), new DiskFailed({ message: "my disk" })])
    it(`is a finding, also where one of ours is called alike: ${error._tag}`, () => {
      const failing = short.setup((world) => {
        world.addProcess({ name: "mine", program: () => Effect.fail(error) })
      })
      const { failure } = failing.run(one)
      expect(failure).toMatchObject({ kind: "process", name: "a process broke" })
      expect(failure?.message).toContain(error.message)
    })
})

describe("a check that says nothing of what is wrong", () => {
  const failures = (check: () => never) => [
    short.workload(() => ({ ...clients(1), check })).run(one).failure,
    short
      .invariant("it says", check)
      .setup((world) => void world.addProcess({ name: "a", program: () => Effect.void }))
      .run(one).failure
  ]

  it("is what is wrong, where it answers by something else", () => {
    const said = "the check returned false: it has to return a sentence that says what is wrong, or undefined"
    const [ofWorkload, ofInvariant] = failures(() => false as never)
    expect(ofWorkload).toEqual({ kind: "workload", name: "calls", message: said })
    expect(ofInvariant).toMatchObject({ kind: "law", name: "it says" })
    expect(ofInvariant?.message).toContain(said)
  })

  it("is what is wrong, where it answers later, and its rejection ends no process", () => {
    const [ofWorkload, ofInvariant] = failures((async () => Promise.reject(new Error("too late"))) as never)
    expect(ofWorkload).toMatchObject({ kind: "workload", name: "calls" })
    expect(ofWorkload?.message).toContain("the check returned a promise: a run waits for none")
    expect(ofInvariant).toMatchObject({ kind: "kernel", name: "leaked" })
    expect(ofInvariant?.message).toMatch(/^Promise was used at .*refuse.test/)
  })
})
