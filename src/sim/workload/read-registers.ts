/** Clients that read a few registers far more often than they write them. */

import type { WorkloadMaker } from "./client.ts"
import { registersOf } from "./registers.ts"
import { drawShape } from "./shape.ts"
import type { Workload } from "./workload.ts"

/** Many who read what few write: an answer from before a write that has been acknowledged is soon seen. */
export const readRegisters: WorkloadMaker = (world): Workload => {
  const { random } = world
  const shape = drawShape(random, [{ min: 30, max: 300 }])
  return registersOf(world, "read-registers", {
    ...shape,
    clients: random.range(2, 4),
    keys: shape.keys.slice(0, 2),
    paddingBytes: 0,
    weights: [
      ["put", 1],
      ["get", random.range(2, 10)]
    ]
  })
}
