/** Faults with a long time between them, in which everything is as it should be. */
import { Effect } from "effect"
import { timedFault } from "../kernel/timed-fault.ts"
import type { FaultFamily } from "./swarm.ts"

/** A node is restarted, or a partition is there for some seconds; then nothing fails for minutes. */
export const rareFaults: FaultFamily = {
  name: "rare-faults",
  share: 0.7,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(40_000, 150_000), durationMs: { min: 10, max: 6_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const kind = random.pick(["graceful", "crash", "power"] as const)
        if (random.chance(0.5)) return world.reboot(random.pick(world.nodes()), kind, durationMs)
        const heal = world.bus.partAtRandom(random.pick(["isolate", "mute", "deaf", "halves"]))
        return Effect.ensuring(Effect.sleep(durationMs), Effect.sync(heal))
      })
    )
  }
}
