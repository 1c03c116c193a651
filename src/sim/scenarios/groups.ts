/** Simulations of nodes that run several groups over one log. */

import { type Simulation, simulate } from "../simulation.ts"
import { outages, restartStorms, restarts } from "../swarm/attrition.ts"
import { failedWrites, fullDisks, slowDisks } from "../swarm/disk.ts"
import { killsInWrites } from "../swarm/kills-in-writes.ts"
import { messageFaults, partitions } from "../swarm/network.ts"
import { buggified, candidacies, clockFaults, crashPoints, handOvers, pauses } from "../swarm/process.ts"
import { groupRegisters } from "../workload/group-registers.ts"

const groups = simulate("groups")
  .about("three groups share their nodes' logs, some busy and some idle; each is led from another node")
  .cluster({
    acceptors: { min: 3, max: 3 },
    masterApart: 0.5,
    masters: "either",
    groups: 3,
    snapshots: true,
    segmentBytes: 1 << 15
  })
  .workload(groupRegisters)
  .faults(
    restarts,
    outages,
    restartStorms,
    killsInWrites,
    crashPoints,
    partitions,
    messageFaults,
    candidacies,
    handOvers,
    pauses,
    clockFaults,
    slowDisks,
    failedWrites,
    fullDisks,
    buggified
  )
  .chaosFor({ min: 5_000, max: 15_000 })
  .recoversWithin(60_000)

export const groupScenarios: ReadonlyArray<Simulation> = [groups]
