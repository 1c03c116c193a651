/** Leaders that can do little: more is asked of them than they can do in time. */
import { Effect } from "effect"
import type { FaultFamily } from "./swarm.ts"

/** Leaders propose one command at a time, as clients send them, and everybody is far from everybody. */
export const narrowLeaders: FaultFamily = {
  name: "narrow-leaders",
  share: 1,
  begin: ({ bus, disturbance, random }) => {
    for (const knob of ["leader-batch-bytes", "leader-window", "client-submission-bytes"])
      disturbance.turnDown(knob)
    const minMicros = random.range(10_000, 40_000)
    bus.faults = { ...bus.faults, latency: { kind: "uniform", minMicros, maxMicros: minMicros + 5_000 } }
    return Effect.never
  }
}
