/** The simulations that have a name on the command line. */

import type { Simulation } from "../simulation.ts"
import { simulate } from "../simulation.ts"
import { outages, restartStorms, restarts, wipes } from "../swarm/attrition.ts"
import { failedWrites, fullDisks, slowDisks } from "../swarm/disk.ts"
import {
  lastingOutages,
  oneWayCuts,
  slowDisksOfOne,
  steadyProgress,
  suspensions
} from "../swarm/failovers.ts"
import { killsInWrites } from "../swarm/kills-in-writes.ts"
import {
  asymmetricPartitions,
  busRestarts,
  disconnects,
  flappingPartitions,
  messageFaults,
  partitions,
  slowConsumers
} from "../swarm/network.ts"
import {
  buggified,
  candidacies,
  clientCrashes,
  clockFaults,
  crashPoints,
  handOvers,
  pauses
} from "../swarm/process.ts"
import type { FaultFamily } from "../swarm/swarm.ts"
import { commands } from "../workload/commands.ts"
import { localReads } from "../workload/local-reads.ts"
import { registersAt, registers as registerWorkload } from "../workload/registers.ts"
import { mastersFarApart } from "./far.ts"
import { groupScenarios } from "./groups.ts"
import { lifeScenarios } from "./lives.ts"
import { memberScenarios } from "./members.ts"
import { overloadScenarios } from "./overload.ts"
import { readScenarios } from "./reads.ts"
import { silenceScenarios } from "./silence.ts"

const everything: ReadonlyArray<FaultFamily> = [
  messageFaults,
  slowConsumers,
  partitions,
  disconnects,
  busRestarts,
  restarts,
  outages,
  restartStorms,
  killsInWrites,
  pauses,
  clockFaults,
  clientCrashes,
  crashPoints,
  candidacies,
  slowDisks,
  failedWrites,
  fullDisks,
  buggified
]

const threeToFive = { min: 3, max: 5 }

/** The same family in every seed. */
const surely = (family: FaultFamily): FaultFamily => ({ ...family, share: 1 })

const t019 = simulate("t019")
  .about("one client submits commands to three acceptors and a master; every command is chosen, once")
  .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
  .workload(commands({ clients: 1, count: { min: 20, max: 100 }, thinkMostMs: { min: 0, max: 400 } }))
  .faults(...everything)
  .chaosFor({ min: 1_000, max: 20_000 })
  .reaches("leases", "silence")

const t020 = simulate("t020")
  .about("safety with every fault at once, while nodes take the lead from each other")
  .cluster({ acceptors: { min: 2, max: 5 }, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(...everything.filter((family) => family !== candidacies), surely(candidacies))
  .chaosFor({ min: 3_000, max: 15_000 })
  .reaches("leases", "silence", "snapshots")

const registers = simulate("registers")
  .about("several clients at the same few keys; their history is linearizable, whatever fails")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(...everything)
  .chaosFor({ min: 3_000, max: 15_000 })

const restartsAll = simulate("restarts")
  .about("nodes are stopped, killed and lose their power, one by one, together, and at named points")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(
    surely(restarts),
    outages,
    restartStorms,
    killsInWrites,
    crashPoints,
    messageFaults,
    slowDisks,
    buggified
  )
  .chaosFor({ min: 3_000, max: 12_000 })

const partitionsAll = simulate("partitions")
  .about("links are cut both ways or one way, members and the bus itself go away, and nodes ask for the lead")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(surely(partitions), disconnects, busRestarts, messageFaults, slowConsumers, candidacies, buggified)
  .chaosFor({ min: 3_000, max: 12_000 })

const slowDisk = simulate("slow-disk")
  .about("disks are slow, stall, fill up and refuse writes")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(surely(slowDisks), failedWrites, fullDisks, restarts, candidacies, messageFaults, buggified)
  .chaosFor({ min: 3_000, max: 12_000 })

const clocks = simulate("clocks")
  .about("clocks jump, drift and stand still with their process")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(surely(clockFaults), pauses, restarts, candidacies, messageFaults, buggified)
  .chaosFor({ min: 3_000, max: 12_000 })

const leases = simulate("leases")
  .about("leaders read under leases while clocks drift, processes stand still, and others take the lead")
  .cluster({ acceptors: { min: 2, max: 4 }, masterApart: 0.5 })
  .workload(registerWorkload)
  .workload(localReads)
  .faults(
    surely(candidacies),
    surely(clockFaults),
    handOvers,
    pauses,
    partitions,
    restarts,
    messageFaults,
    crashPoints,
    buggified
  )
  .chaosFor({ min: 3_000, max: 12_000 })

const snapshots = simulate("snapshots")
  .about(
    "snapshots all the time, logs cut behind them, nodes that stop at named points and come back far behind"
  )
  .cluster({ acceptors: threeToFive, masterApart: 0.5, snapshots: true })
  .workload(registersAt({ min: 5, max: 20 }, { min: 20, max: 120 }))
  .faults(
    surely(restarts),
    surely(crashPoints),
    candidacies,
    partitions,
    pauses,
    restartStorms,
    killsInWrites,
    slowDisks,
    failedWrites,
    fullDisks,
    messageFaults,
    buggified
  )
  .chaosFor({ min: 4_000, max: 15_000 })

const masters = simulate("masters")
  .about("three nodes keep the master: some are lost and come back, or all, or their links are cut")
  .cluster({ acceptors: threeToFive, masterApart: 0, masters: 3 })
  .workload(registerWorkload)
  .faults(
    surely(restarts),
    outages,
    restartStorms,
    killsInWrites,
    crashPoints,
    partitions,
    messageFaults,
    disconnects,
    pauses,
    slowDisks,
    candidacies,
    buggified
  )
  .chaosFor({ min: 3_000, max: 12_000 })

const farMasters = mastersFarApart("far-masters")
  .about("three masters in three regions: each question to a majority of them crosses two")
  .recoversWithin(60_000)

const lostDisks = simulate("lost-disks")
  .about("nodes lose their disks and come back as others; nothing false is said, though the group may stop")
  .cluster({ acceptors: threeToFive, masterApart: 1 })
  .workload(registerWorkload)
  .faults(wipes, messageFaults, candidacies, buggified)
  .chaosFor({ min: 3_000, max: 12_000 })
  .expectingDamage()
  .withoutRecovery()

const failover = simulate("failover")
  .about("nodes go down and stay away; writes go on while one acceptor of the active configuration lives")
  .cluster({ acceptors: threeToFive, masterApart: 1 })
  .workload(registerWorkload)
  .faults(lastingOutages, steadyProgress(4))
  .chaosFor({ min: 8_000, max: 25_000 })

const soloTakeover = simulate("solo-takeover")
  .about("of two replicas either goes on alone, and together again when both are there")
  .cluster({ acceptors: { min: 2, max: 2 }, masterApart: 1 })
  .workload(registerWorkload)
  .faults(lastingOutages, steadyProgress(4))
  .chaosFor({ min: 8_000, max: 25_000 })

const slowDiskOfOne = simulate("slow-disk-of-one")
  .about("one disk takes seconds for each write; its acceptor is dropped, or hands over, and writes go on")
  .cluster({ acceptors: threeToFive, masterApart: 1 })
  .workload(registerWorkload)
  .faults(slowDisksOfOne, steadyProgress(16))
  .chaosFor({ min: 15_000, max: 40_000 })

const cutOneWay = simulate("cut-one-way")
  .about("an acceptor hears nobody, or nobody hears it; writes go on by the others")
  .cluster({ acceptors: threeToFive, masterApart: 1 })
  .workload(registerWorkload)
  .faults(oneWayCuts, steadyProgress(6))
  .chaosFor({ min: 8_000, max: 20_000 })

const suspended = simulate("suspended")
  .about("everything stands still for a while and goes on; nobody loses its place")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(suspensions)
  .chaosFor({ min: 8_000, max: 20_000 })

const flapping = simulate("flapping-partition")
  .about("links are cut and whole again, faster than it is noticed and slower")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(flappingPartitions, messageFaults)
  .chaosFor({ min: 5_000, max: 15_000 })

const asymmetric = simulate("asymmetric-partition")
  .about("nodes that hear and are not heard, or are heard and do not hear")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registerWorkload)
  .faults(asymmetricPartitions, messageFaults, restarts)
  .chaosFor({ min: 5_000, max: 15_000 })

/** By name, in the order in which they are listed. */
export const scenarios: ReadonlyArray<Simulation> = [
  t019,
  t020,
  registers,
  restartsAll,
  partitionsAll,
  slowDisk,
  clocks,
  masters,
  farMasters,
  leases,
  snapshots,
  lostDisks,
  failover,
  soloTakeover,
  slowDiskOfOne,
  cutOneWay,
  suspended,
  flapping,
  asymmetric,
  ...memberScenarios,
  ...lifeScenarios,
  ...silenceScenarios,
  ...readScenarios,
  ...groupScenarios,
  ...overloadScenarios
]

/** The scenario of this name. */
export const scenarioNamed = (name: string): Simulation | undefined =>
  scenarios.find((scenario) => scenario.name === name)
