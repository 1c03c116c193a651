/** The bus goes away at the moment when a node has just connected to it. */
import { Effect } from "effect"
import type { FaultFamily } from "../../swarm/swarm.ts"
import { again } from "./choreography.ts"

/** One node of the group after the other restarts, and the bus does so before the node has begun. */
export const busAwayAtStarts: FaultFamily = again("bus-away-at-starts", (world) =>
  Effect.gen(function* () {
    const { random, bus } = world
    const { processes, options } = world.cluster!
    const process = processes.get(random.pick(options.acceptors))!
    if (!process.running) return
    yield* world.reboot(process, "crash", random.range(1, 50))
    yield* Effect.sleep(random.range(0, 50) / 10)
    const start = bus.stop()
    yield* Effect.ensuring(Effect.sleep(random.range(20, 200)), Effect.sync(start))
  })
)
