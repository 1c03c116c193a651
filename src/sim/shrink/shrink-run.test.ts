/** A run shrinks to the faults and the nodes that its failure needs. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { timedFault } from "../kernel-timed-fault.ts"
import { type Simulation, simulate } from "../simulation.ts"
import type { FaultFamily } from "../swarm.ts"
import type { World } from "../world.ts"
import { shrinkRun } from "./shrink-run.ts"

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

  it("shrinks to the strikes that it fails by", () => {
    const { smallest, failure } = shrinkRun(knocked(), { seed: 1, reseeds: [] })!
    expect(failure.message).toContain("it fell")
    expect(smallest.without).toContain("rain")
    const { struck } = knocked().run({ seed: smallest.recipe, without: smallest.without })
    expect(struck).toHaveLength(2)
  })
})
