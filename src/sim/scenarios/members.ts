/** Simulations of who votes: nodes that go and come back, disks that are lost, spares. */

import { type Simulation, simulate } from "../simulation.ts"
import { restarts } from "../swarm/attrition.ts"
import { oldCopies } from "../swarm/copies.ts"
import { slowDisks } from "../swarm/disk.ts"
import { faultyDisk } from "../swarm/faulty-disk.ts"
import { departures, diskLosses } from "../swarm/members.ts"
import { messageFaults, partitions } from "../swarm/network.ts"
import { buggified, candidacies, pauses } from "../swarm/process.ts"
import { operations } from "../workload/operations.ts"
import { registers } from "../workload/registers.ts"

const members = simulate("members")
  .about("nodes stay away until spares take their place, and come back; the group is whole again")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 1, max: 2 }, masterApart: 1 })
  .workload(registers)
  .faults({ ...departures, share: 1 }, candidacies, messageFaults, partitions, pauses, slowDisks, buggified)
  .chaosFor({ min: 6_000, max: 25_000 })
  .recoversWithin(60_000)

const wipesAndReturns = simulate("wipe-and-return")
  .about("nodes lose their disks, but never the last copy: they come back as others and vote again")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 0, max: 1 }, masterApart: 1 })
  .workload(registers)
  .faults(diskLosses, departures, candidacies, messageFaults, partitions, buggified)
  .chaosFor({ min: 8_000, max: 30_000 })
  .recoversWithin(60_000)

const operated = simulate("operations")
  .about("an operator transfers, drains and replaces, while nodes come and go and messages get lost")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 0, max: 2 }, masterApart: 1 })
  .workload(registers)
  .workload(operations)
  .faults(messageFaults, departures, partitions, pauses, restarts, buggified)
  .chaosFor({ min: 6_000, max: 25_000 })
  .recoversWithin(60_000)

const restored = simulate("old-copies")
  .about("nodes are given an old copy of their disk; they refuse it, and come back as others")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 0, max: 1 }, masterApart: 1 })
  .workload(registers)
  .faults(oldCopies({ everybodyShare: 0.4, othersLateMs: 100 }), candidacies, buggified)
  .chaosFor({ min: 10_000, max: 30_000 })
  .recoversWithin(60_000)

const faulty = simulate("faulty-disk")
  .about("one disk lies, rots, loses files and writes to wrong places; its node notices, or no harm is done")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 0, max: 1 }, masterApart: 1 })
  .workload(registers)
  .faults(faultyDisk, candidacies, buggified)
  .chaosFor({ min: 10_000, max: 30_000 })
  .expectingDamage()
  .recoversWithin(60_000)

const atLeast = simulate("min-acceptors")
  .about("groups that are to stop rather than go on with too few acceptors: they stop, and go on later")
  .cluster({ acceptors: { min: 2, max: 4 }, spares: { min: 0, max: 1 }, masterApart: 1, atLeast: true })
  .workload(registers)
  .workload(operations)
  .faults({ ...departures, share: 1 }, candidacies, restarts, slowDisks, messageFaults, buggified)
  .chaosFor({ min: 6_000, max: 20_000 })
  .recoversWithin(60_000)

export const memberScenarios: ReadonlyArray<Simulation> = [
  members,
  wipesAndReturns,
  operated,
  atLeast,
  restored,
  faulty
]
