/** Simulations of reads that are answered by rounds: no lease says that nobody else leads. */

import { type Simulation, simulate } from "../simulation.ts"
import { restarts } from "../swarm/attrition.ts"
import { lateNews } from "../swarm/late-news.ts"
import { messageFaults, partitions } from "../swarm/network.ts"
import { buggified, candidacies, clockFaults, pauses } from "../swarm/process.ts"
import { readRegisters } from "../workload/read-registers.ts"

const reads = simulate("reads")
  .about("leaders without leases hear late that others replaced them; what is read is never out of date")
  .cluster({ acceptors: { min: 3, max: 4 }, masterApart: 0.5, leases: false })
  .workload(readRegisters)
  .faults(lateNews, candidacies, messageFaults, partitions, pauses, clockFaults, restarts, buggified)
  .chaosFor({ min: 3_000, max: 10_000 })

export const readScenarios: ReadonlyArray<Simulation> = [reads]
