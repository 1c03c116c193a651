/**
 * Each step of a core in simulated runs is one of the searches' models: the same question gets the same
 * answer, nothing that was given is changed, and a step goes on from where the last one has led. The searches
 * ask each question once and remember the answer.
 */
import { describe, expect, it, vi } from "vitest"
import { scenarioNamed } from "../../src/sim/scenarios/named.ts"
import { watched, watchedModule } from "../support/watched-cores.ts"

vi.mock(import("../../src/protocol/leader/leader.ts"), async (original) => {
  const { watchedModule } = await import("../support/watched-cores.ts")
  return watchedModule(await original(), ["leaderStep"], true)
})
vi.mock(import("../../src/protocol/acceptor/acceptor.ts"), async (original) => {
  const { watchedModule } = await import("../support/watched-cores.ts")
  return watchedModule(await original(), ["acceptorStep", "debtDue", "leaseWaited"], true)
})
// Steps of the masters are taken on what they have read, and are void where another one was faster.
vi.mock(import("../../src/protocol/master/master.ts"), async (original) => {
  const { watchedModule } = await import("../support/watched-cores.ts")
  return watchedModule(await original(), ["masterStep"], false)
})
vi.mock(import("../../src/protocol/master/cas-paxos.ts"), async (original) => {
  const { watchedModule } = await import("../support/watched-cores.ts")
  return watchedModule(await original(), ["keeperStep", "attemptStep"], false)
})

describe("each step of a core is a step of the models in", () => {
  for (const name of ["t019", "t020", "masters", "leases", "members", "snapshots"]) {
    it(name, () => {
      const before = { ...watched }
      for (let seed = 1; seed <= 2; seed++) expect(scenarioNamed(name)!.run({ seed }).failure).toBeUndefined()
      expect(watched.faults).toEqual([])
      expect(watched.compared - before.compared).toBeGreaterThan(100)
    })
  }
})

describe("who looks at steps sees", () => {
  const faultsOf = (step: (state: { at: number }) => object, again: boolean): ReadonlyArray<string> => {
    const { step: seen } = watchedModule({ step }, ["step"], true)
    const first = { at: 0 }
    for (let count = 0; count < 30; count++) seen(again ? first : { at: count })
    return watched.faults.splice(0)
  }

  it("nothing in steps as they ought to be", () => {
    expect(faultsOf(({ at }) => ({ state: { at: at + 1 } }), false)).toEqual([])
  })

  it("a core that remembers, one that changes what it was given, and a state that is left twice", () => {
    let calls = 0
    expect(faultsOf(() => ({ state: { at: calls++ } }), false)[0]).toContain("answers")
    expect(faultsOf((state) => ({ state: { at: ++state.at % 1 } }), false)[0]).toContain("changes")
    expect(faultsOf(({ at }) => ({ state: { at } }), true)[0]).toContain("was left")
  })
})
