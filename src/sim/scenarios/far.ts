/** Simulations of masters that are far from each other. */

import { type Simulation, simulate } from "../simulation.ts"
import { outages, restarts } from "../swarm/attrition.ts"
import { messageFaults, partitions } from "../swarm/network.ts"
import { buggified, candidacies, crashPoints, handOvers, pauses } from "../swarm/process.ts"
import { registers } from "../workload/registers.ts"

/** Three masters in three regions: each question to a majority of them crosses two. */
export const mastersFarApart = (name: string): Simulation =>
  simulate(name)
    .cluster({ acceptors: { min: 3, max: 5 }, masterApart: 0, masters: 3, farMs: { min: 20, max: 100 } })
    .workload(registers)
    .faults(
      restarts,
      outages,
      crashPoints,
      partitions,
      messageFaults,
      pauses,
      candidacies,
      handOvers,
      buggified
    )
    .chaosFor({ min: 4_000, max: 15_000 })
