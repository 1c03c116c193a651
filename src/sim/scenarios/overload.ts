/** Simulations of groups of which more is wanted than they can do. */

import { type Simulation, simulate } from "../simulation.ts"
import { narrowLeaders } from "../swarm/narrow.ts"
import { crowd } from "../workload/crowd.ts"

const overload = simulate("overload")
  .about("more is asked than a leader can do at once, and nothing fails: all are served, late")
  .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 0.5, sessionTtlMs: 60_000 })
  .workload(crowd)
  .faults(narrowLeaders)
  .chaosFor({ min: 8_000, max: 20_000 })
  .recoversWithin(60_000)

export const overloadScenarios: ReadonlyArray<Simulation> = [overload]
