/** The power tears a write, who cuts off what is left of it is killed in that, and the power is cut again. */
import { Effect } from "effect"
import { amidst } from "../../swarm/kills-in-writes.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import { again } from "./choreography.ts"

export const killedCuts: FaultFamily = again("killed-cuts", (world) =>
  Effect.gen(function* () {
    const { random } = world
    const process = random.pick(world.nodes())
    if (!process.running) return
    const { disk } = process
    disk.faults = { ...disk.faults, processKill: { completed: 0, cached: 1, cutShort: 0, undone: 0 } }
    for (const kind of ["power", "crash"] as const) {
      if (!(yield* amidst(world, process, 1, "writes"))) return
      yield* world.reboot(process, kind, random.range(1, 20))
    }
    yield* Effect.sleep(random.range(0, 100))
    yield* amidst(world, process, random.range(1, 4), "writes")
    yield* world.reboot(process, "power", random.range(1, 50))
  })
)
