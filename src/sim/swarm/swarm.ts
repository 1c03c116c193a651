/** Swarm: every seed has some families of faults and not the others, so that none hides behind another. */
import { Effect } from "effect"
import type { Cluster } from "../cluster.ts"
import { FaultsBroke } from "../ends.ts"
import { gatedBy } from "../kernel/timed-fault.ts"
import type { World } from "../world.ts"

/**
 * Faults of one kind: a loop that strikes until it is interrupted, and then has undone what can be undone.
 */
export interface FaultFamily {
  readonly name: string
  /** Probability that a seed has it. */
  readonly share: number
  /** Draws how it is in this run; the effect returned strikes for ever. Called once, before anything runs. */
  readonly begin: (world: World) => Effect.Effect<never>
}

/** The cluster that a family cannot do without. */
export const clusterFor = (world: World, family: string): Cluster => {
  if (world.cluster !== undefined) return world.cluster
  throw new Error(`the faults "${family}" strike a cluster: say .cluster(...), or leave them out`)
}

/** Throws where a family strikes clients, and no workload brings any. */
export const expectClients = (world: World, family: string): void => {
  if (world.workloads.length === 0)
    throw new Error(`the faults "${family}" strike clients: say .workload(...), or leave them out`)
}

/** The families of a run, by name: each drawn by its share, unless its name is in `off`. */
export const drawFamilies = (
  world: World,
  families: ReadonlyArray<FaultFamily>,
  off: ReadonlySet<string>
): ReadonlyArray<FaultFamily> =>
  families.filter(({ name, share }) => world.random.chance(share) && !off.has(name))

/** The name of one strike of a family: its first one, or a later one. */
const strikeName = (family: string, number: number): string => `${family}#${number}`

/**
 * All of them at once, until interrupted. Strikes of timed faults are named as they are due; those in `off`
 * are left out, and have drawn what they would have drawn before they strike.
 */
export const chaos = (
  world: World,
  families: ReadonlyArray<FaultFamily>,
  off: ReadonlySet<string>
): Effect.Effect<never> => {
  const loops = families.map((family) => {
    let strikes = 0
    const isDue = () => {
      const name = strikeName(family.name, ++strikes)
      if (off.has(name)) return false
      world.struck.push(name)
      return true
    }
    try {
      return gatedBy(isDue, () => family.begin(world))
    } catch (error) {
      throw new FaultsBroke(error)
    }
  })
  return Effect.andThen(Effect.all(loops, { concurrency: "unbounded", discard: true }), Effect.never)
}
