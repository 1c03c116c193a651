/** A run shrinks to the faults and the nodes that its failure needs. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { timedFault } from "../kernel/timed-fault.ts"
import { runSeeds } from "../runs/run-seeds.ts"
import { recipesOf } from "../runs/seeds.ts"
import { type Simulation, simulate } from "../simulation.ts"
import type { FaultFamily } from "../swarm/swarm.ts"
import { commands } from "../workload/commands.ts"
import { localReads } from "../workload/local-reads.ts"
import { operations } from "../workload/operations.ts"
import { registers } from "../workload/registers.ts"
import type { World } from "../world.ts"
import { formatRepro, parseRepro } from "./repro.ts"
import { runCase, shrinkRun } from "./shrink-run.ts"

const often = { everyMs: 50, durationMs: { min: 1, max: 5 } }

/** Strikes ten times in half a second. */
const family = (name: string, strike: (world: World) => void = () => {}): FaultFamily => ({
  name,
  share: 1,
  begin: (world) => timedFault(world.random, often, () => Effect.sync(() => strike(world)))
})

/** Fails once the knocks are two, whatever else strikes. */
const knocked = (): Simulation => {
  let knocks = 0
  const knock = family("knocks", (world) => {
    knocks++
    if (knocks === 2) world.violated(new Error("it fell"))
  })
  return simulate("door")
    .chaosFor({ min: 500, max: 500 })
    .setup(() => void (knocks = 0))
    .faults(family("rain"), knock)
}

/**
 * Two processes that count without a pause; fails where one of them is made to wait between two of its steps.
 */
const counting = (): Simulation => {
  let turns: Array<string> = []
  const count = (name: string, world: World) =>
    Effect.gen(function* () {
      for (let step = 1; step <= 20; step++) {
        yield* Effect.sync(() => turns.push(name))
        const before = turns.lastIndexOf(name, turns.length - 2)
        if (before >= 0 && before < turns.length - 2) world.violated(new Error("it was held up"))
      }
      return yield* Effect.never
    })
  return simulate("counting")
    .chaosFor({ min: 500, max: 500 })
    .faults(family("rain"))
    .setup((world) => {
      turns = []
      for (const name of ["a", "b"]) world.addProcess({ name, program: () => count(name, world) })
    })
}

describe("a run", () => {
  it("names its strikes, and leaves out those that are named", () => {
    const quiet = simulate("quiet").chaosFor({ min: 500, max: 500 }).faults(family("rain"))
    const { struck, figures } = quiet.run({ seed: 1 })
    expect(struck.slice(0, 3)).toEqual(["rain#1", "rain#2", "rain#3"])
    const without = quiet.run({ seed: 1, without: ["rain#2"] })
    expect(without.struck).toEqual(struck.filter((name) => name !== "rain#2"))
    expect(without.figures.draws).toBe(figures.draws)
  })

  it("has no more acceptors and spares than it may, and no fewer than it needs", () => {
    const sizes = (nodesMax?: number): number => {
      let names: ReadonlyArray<string> = []
      simulate("size")
        .cluster({ acceptors: { min: 2, max: 5 }, spares: { min: 0, max: 3 }, masterApart: 0 })
        .chaosFor({ min: 1, max: 1 })
        .run({
          seed: 3,
          ...(nodesMax === undefined ? {} : { nodesMax }),
          onWorld: (world) => {
            names = world.cluster!.names
          }
        })
      return names.length
    }
    expect(sizes()).toBeGreaterThan(3)
    expect(sizes(3)).toBe(3)
    expect(sizes(1)).toBe(2)
  })

  it("has no more operations of a client than it may, and is the same where it may have many", () => {
    const small = simulate("small")
      .cluster({ acceptors: { min: 3, max: 3 }, spares: { min: 0, max: 0 }, masterApart: 0 })
      .chaosFor({ min: 3_000, max: 3_000 })
      .recoversWithin(30_000)
    const begun = (simulation: Simulation, operationsMax?: number) => {
      const worlds: Array<World> = []
      const { failure, digest, figures } = simulation.run({
        seed: 1,
        ...(operationsMax === undefined ? {} : { operationsMax }),
        onWorld: (world) => void worlds.push(world)
      })
      expect(failure).toBeUndefined()
      return { digest, figures, most: Math.max(...worlds[0]!.begun.values()) }
    }
    const workloads = [
      registers,
      localReads,
      operations,
      commands({ clients: 1, count: { min: 20, max: 20 } })
    ]
    for (const workload of workloads) {
      const simulation = small.workload(workload)
      const whole = begun(simulation)
      expect(whole.most).toBeGreaterThan(1)
      expect(begun(simulation, 100_000).digest).toBe(whole.digest)
      expect(begun(simulation, 1).most).toBe(1)
    }
    const { figures } = begun(small.workload(registers), 2)
    expect(figures.operations).toBeLessThanOrEqual(8)
  })

  it("of many clients shrinks to as many as it fails by", () => {
    const crowd = simulate("crowd")
      .chaosFor({ min: 100, max: 100 })
      .workload((world) => ({
        name: "crowd",
        clientCount: 40,
        run: () => Effect.void,
        check: () => (world.clients.length >= 20 ? "it is crowded" : undefined)
      }))
    const { smallest, failure } = shrinkRun(
      crowd,
      { seed: 1, reseeds: [] },
      { runsMax: 100, seedsPerCase: 1 }
    )!
    expect(failure.message).toBe("it is crowded")
    expect(smallest.limits["clients"]).toBe(20)
  })

  it("shrinks to the operations that it fails by, and the file has them", () => {
    const busy = simulate("busy")
      .chaosFor({ min: 500, max: 500 })
      .workload((world) => ({
        name: "busy",
        clientCount: 2,
        run: (name) =>
          Effect.gen(function* () {
            for (let operation = 1; world.phase === "chaos" && world.mayOperate(name); operation++) {
              yield* Effect.sleep(world.random.range(1, 3))
              if (operation === 13) world.violated(new Error("the thirteenth is lost"))
            }
          })
      }))
    const { smallest, failure } = shrinkRun(busy, { seed: 1, reseeds: [] })!
    expect(smallest.limits["operations"]).toBe(13)
    const repro = { scenario: "busy", case: smallest, law: failure.law, message: failure.message }
    const readBack = parseRepro(formatRepro(repro)) as typeof repro
    expect(runCase(busy, readBack.case).failure?.name).toBe(failure.law)
    const fewer = { ...readBack.case, limits: { ...readBack.case.limits, operations: 12 } }
    expect(runCase(busy, fewer).failure).toBeUndefined()
  })

  it("that fails under a scheduler of its own shrinks under the same one, and is kept with it", () => {
    const scheduler = { mode: "preempt", choice: "uniform", preemptEvery: 2 } as const
    const recipe = { seed: 1, reseeds: [] }
    const stop = { seeds: 1 }
    const found = runSeeds(counting(), { recipes: recipesOf("counting", [], 1, stop), stop, scheduler })
    expect(found.findings[0]?.failure.message).toContain("it was held up")
    expect(counting().run({ seed: 1 }).failure).toBeUndefined()
    expect(shrinkRun(counting(), recipe)).toBeUndefined()
    const { smallest, failure } = shrinkRun(counting(), recipe, { scheduler })!
    expect(failure.message).toContain("it was held up")
    expect(smallest).toMatchObject({ without: ["rain"], scheduler })
    const repro = { scenario: "counting", case: smallest, law: failure.law, message: failure.message }
    const readBack = parseRepro(formatRepro(repro)) as typeof repro
    expect(readBack).toEqual(repro)
    expect(runCase(counting(), readBack.case).failure?.name).toBe(failure.law)
  })

  it("shrinks to the strikes that it fails by", () => {
    const { smallest, failure } = shrinkRun(knocked(), { seed: 1, reseeds: [] })!
    expect(failure.message).toContain("it fell")
    expect(smallest.without).toContain("rain")
    const { struck } = knocked().run({ seed: smallest.recipe, without: smallest.without })
    expect(struck).toHaveLength(2)
  })
})
