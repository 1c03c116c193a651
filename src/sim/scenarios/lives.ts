/** Simulations of a group's longer life: takeovers, total outages, restarts in turn, quiet minutes. */

import { type Simulation, simulate } from "../simulation.ts"
import { outages, restarts, totalOutages, turns } from "../swarm/attrition.ts"
import { slowDisks } from "../swarm/disk.ts"
import { lastingOutages } from "../swarm/failovers.ts"
import { busRestarts, disconnects, messageFaults, newerPeers, partitions } from "../swarm/network.ts"
import { buggified, clientSuspensions, clockFaults, pauses } from "../swarm/process.ts"
import type { FaultFamily } from "../swarm/swarm.ts"
import { milestones } from "../workload/milestones.ts"
import { rareRegisters, registers } from "../workload/registers.ts"

const surely = (family: FaultFamily): FaultFamily => ({ ...family, share: 1 })

/** Nodes stay away, and here other faults may keep the group from going on meanwhile. */
const longOutages: FaultFamily = { ...lastingOutages, name: "long-outages" }

const threeToFive = { min: 3, max: 5 }

const t021 = simulate("t021")
  .about("the leader fails and another serves once the lease has run out; whoever lagged catches up")
  .cluster({ acceptors: { min: 3, max: 4 }, spares: { min: 0, max: 1 }, masterApart: 1 })
  .workload(registers)
  .workload(milestones)
  .faults(longOutages, messageFaults, pauses, buggified)
  .chaosFor({ min: 6_000, max: 20_000 })
  .recoversWithin(60_000)

const t022 = simulate("t022")
  .about("takeover upon takeover while clients write: by how many, and how far the log has come")
  .cluster({ acceptors: threeToFive, masterApart: 1 })
  .workload(registers)
  .workload(milestones)
  .faults(longOutages, restarts, partitions, slowDisks, messageFaults, buggified)
  .chaosFor({ min: 8_000, max: 30_000 })
  .recoversWithin(60_000)

const powerCut = simulate("power-cut")
  .about("every machine loses its power at one instant, again and again, and not all come back at once")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registers)
  .faults(totalOutages, outages, slowDisks, messageFaults, buggified)
  .chaosFor({ min: 4_000, max: 15_000 })
  .recoversWithin(60_000)

const busRestart = simulate("bus-restart")
  .about("the bus itself goes away and comes back, and members notice early or late")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registers)
  .faults(surely(busRestarts), disconnects, messageFaults, restarts, buggified)
  .chaosFor({ min: 4_000, max: 15_000 })
  .recoversWithin(60_000)

const rollingRestart = simulate("rolling-restart")
  .about("one node after the other is stopped and started, while nodes of a newer version speak up")
  .cluster({ acceptors: threeToFive, masterApart: 0.5 })
  .workload(registers)
  .faults(turns, newerPeers, messageFaults, buggified)
  .chaosFor({ min: 6_000, max: 20_000 })
  .recoversWithin(60_000)

const quiet = simulate("quiet")
  .about("minutes in which little is asked: sessions run out, clients stand still for a minute")
  .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
  .workload(rareRegisters)
  .faults(clientSuspensions, clockFaults, partitions, restarts)
  .chaosFor({ min: 60_000, max: 180_000 })
  .recoversWithin(60_000)

export const lifeScenarios: ReadonlyArray<Simulation> = [
  t021,
  t022,
  powerCut,
  busRestart,
  rollingRestart,
  quiet
]
