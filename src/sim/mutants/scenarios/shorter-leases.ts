/** Nodes whose configuration is changed to shorter leases, and that are restarted while a longer one runs. */
import { Effect } from "effect"
import { awaiting } from "../../awaiting.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { between, type Cast, cut, staged } from "./choreography.ts"
import { campaign } from "./families.ts"

const longMs = 3_000
/** No lease may be shorter than two beats. */
const shortBeats = 2.1
/** A node that starts has heard all others by then, and does not vote yet. */
const greetedWithinMs = 100

/** It grants the short lease in its second life, and takes the lead in its third. */
const forgetsTheLong = (world: World, { leader, second, third }: Cast): Effect.Effect<void> => {
  const { oracle, processes, leaseDurationsMs, options } = world.cluster!
  const { heartbeatIntervalMs } = options
  const process = processes.get(second.node)!
  const isUp = Effect.suspend(() =>
    awaiting(() => oracle.running.has(second.node), { everyMs: 5, forMs: 500 })
  )
  return Effect.gen(function* () {
    leaseDurationsMs.set(second.node, Math.ceil(shortBeats * heartbeatIntervalMs))
    yield* world.reboot(process, "crash", 1)
    yield* isUp
    yield* Effect.sleep(world.random.range(0, heartbeatIntervalMs))
    yield* world.reboot(process, "crash", 1)
    yield* Effect.sleep(greetedWithinMs)
    const heal = cut(world, between(leader, second, third))
    yield* isUp
    const reborn = oracle.running.get(second.node)
    if (reborn !== undefined) campaign(world, reborn, [third])
    yield* Effect.sleep(longMs)
    yield* heal
    leaseDurationsMs.set(second.node, longMs)
    yield* world.reboot(process, "crash", 1)
    yield* isUp
    campaign(world, leader, [second, third])
    yield* Effect.sleep(2 * longMs)
  })
}

const stories = staged("shorter-leases", forgetsTheLong)

/** Leases are long, and those of one node are shortened, again and again. */
export const shorterLeases: FaultFamily = {
  ...stories,
  begin: (world) => {
    const { names, leaseDurationsMs } = world.cluster!
    for (const name of names) leaseDurationsMs.set(name, longMs)
    return stories.begin(world)
  }
}
