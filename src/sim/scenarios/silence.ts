/**
 * Simulations of groups of which little is wanted: their leaders fall silent, and are still to be relied on.
 */

import { type Simulation, simulate } from "../simulation.ts"
import { restarts } from "../swarm/attrition.ts"
import { lastingOutages, suspensions } from "../swarm/failovers.ts"
import { messageFaults, partitions } from "../swarm/network.ts"
import { buggified, candidacies, clockFaults } from "../swarm/process.ts"
import { rareFaults } from "../swarm/rare.ts"
import type { FaultFamily } from "../swarm/swarm.ts"
import { idlers } from "../workload/idlers.ts"
import { rareRegisters } from "../workload/registers.ts"

/** Nodes stay away, and here other faults may keep the group from going on meanwhile. */
const longOutages: FaultFamily = { ...lastingOutages, name: "long-outages" }

const silence = simulate("silence")
  .about("little is asked, so leaders fall silent; their nodes are lost, and what comes next is served")
  .cluster({ acceptors: { min: 2, max: 4 }, masterApart: 1 })
  .workload(rareRegisters)
  .faults(longOutages, restarts, partitions, candidacies, messageFaults, clockFaults, buggified)
  .chaosFor({ min: 20_000, max: 60_000 })
  .recoversWithin(60_000)

const rest = simulate("rest")
  .about("little is asked and nothing fails: whoever leads a silent group keeps it, whatever stands still")
  .cluster({ acceptors: { min: 2, max: 4 }, masterApart: 1 })
  .workload(rareRegisters)
  .faults(suspensions)
  .chaosFor({ min: 20_000, max: 60_000 })
  .recoversWithin(60_000)

const idle = simulate("idle")
  .about("clients write nothing for minutes and hardly anything fails: they keep their sessions")
  .cluster({ acceptors: { min: 1, max: 3 }, masterApart: 0.5, sessionTtlMs: 60_000 })
  .workload(idlers)
  .faults(rareFaults, clockFaults)
  .chaosFor({ min: 120_000, max: 240_000 })
  .recoversWithin(60_000)

export const silenceScenarios: ReadonlyArray<Simulation> = [silence, rest, idle]
