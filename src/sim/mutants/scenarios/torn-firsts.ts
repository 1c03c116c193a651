/** Large writes, few to a segment of the log: a power cut often tears the first one of a segment. */
import { Effect } from "effect"
import { amidst } from "../../swarm/kills-in-writes.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { WorkloadMaker } from "../../workload/client.ts"
import { registersOf } from "../../workload/registers.ts"
import { drawShape } from "../../workload/shape.ts"
import type { Workload } from "../../workload/workload.ts"
import { again } from "./choreography.ts"

/** Values of every size, written in a hurry. */
export const bulkyRegisters: WorkloadMaker = (world): Workload => {
  const { random } = world
  return registersOf(world, "bulky-registers", {
    ...drawShape(random, [{ min: 20, max: 120 }]),
    clients: random.range(2, 4),
    lanes: random.range(2, 4),
    paddingBytes: random.range(12_000, 40_000),
    timeoutMs: 120_000
  })
}

/**
 * The power goes in the middle of a write, and its node goes on to the next segment before it starts again:
 * what is left of a torn frame stands behind smaller ones then, where nothing may.
 */
export const tornFirsts: FaultFamily = again("torn-firsts", (world) =>
  Effect.gen(function* () {
    const { random } = world
    const process = random.pick(world.nodes())
    if (!process.running || !(yield* amidst(world, process, random.range(1, 6), "writes"))) return
    yield* world.reboot(process, "power", random.range(1, 20))
    yield* Effect.sleep(random.range(100, 1_000))
    if (process.running) yield* world.reboot(process, "crash", random.range(1, 20))
  })
)
