/** Scenarios about who leads: rivals, ballots, leases, and the masters that decide. */

import { mastersFarApart } from "../../scenarios/far.ts"
import { type Simulation, simulate } from "../../simulation.ts"
import { restarts } from "../../swarm/attrition.ts"
import { messageFaults } from "../../swarm/network.ts"
import { buggified, crashPoints } from "../../swarm/process.ts"
import { busyRegisters, registers } from "../../workload/registers.ts"
import { leadersBehindPartitions, lostRetirements, overtakenBallots, retiredRival } from "./choreography.ts"
import {
  briefCuts,
  crowds,
  lateMessages,
  masterPowerCuts,
  quickRivals,
  retirements,
  surely
} from "./families.ts"
import { goneLeaders } from "./gone-leaders.ts"
import { addOperator, scenario, three, threeAndMasters, threeWithoutLeases } from "./guided-shapes.ts"
import {
  frozenLeaders,
  lateAnswers,
  lateGrants,
  lateReleases,
  leaseRaces,
  standstills
} from "./lease-races.ts"
import { lostMasters, seats } from "./lost-masters.ts"
import { unansweredCompletions } from "./old-words.ts"
import { shorterLeases } from "./shorter-leases.ts"

export const leaderScenarios: ReadonlyArray<Simulation> = [
  scenario("rivals", "nodes take the lead from each other, restart, and do not hear everything").faults(
    quickRivals,
    briefCuts,
    surely(restarts),
    messageFaults,
    crashPoints,
    buggified
  ),
  scenario("master-races", "rivals ask three masters at once, and messages come late", {
    ...threeAndMasters,
    leases: false
  }).faults(quickRivals, surely(lateMessages), briefCuts),
  simulate("lost-masters")
    .about("masters lose their disks, one at a time, while rivals ask them")
    .cluster({ ...threeAndMasters, leases: false })
    .workload(registers)
    .workload(seats)
    .faults(lostMasters, quickRivals)
    .chaosFor({ min: 6_000, max: 12_000 }),
  mastersFarApart("far-masters-soon").about(
    "three masters in three regions, which have less time to be of one mind than in far-masters"
  ),
  scenario("master-power", "the master loses its power while ballots are asked for", three).faults(
    masterPowerCuts,
    quickRivals
  ),
  scenario("crowds", "many nodes ask the master for the lead at once, whose disk is slow", {
    acceptors: { min: 4, max: 5 },
    masterApart: 1,
    patient: true
  }).faults(masterPowerCuts, crowds),
  scenario("stale-reads", "leaders are cut off from the others, and not from their clients", three)
    .faults(leadersBehindPartitions)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario(
    "overtaken",
    "a ballot is overtaken by one that has an entry which it did not read",
    threeWithoutLeases
  )
    .faults(overtakenBallots)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario(
    "retirements",
    "acceptors are retired while they lead ballots that are not active",
    threeWithoutLeases
  )
    .setup(addOperator)
    .faults(retiredRival)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario(
    "retired-at-random",
    "acceptors are retired while nodes take the lead from each other",
    threeWithoutLeases
  )
    .setup(addOperator)
    .faults(retirements, quickRivals, briefCuts),
  scenario("unanswered", "leaders wait for their activation while others lead", threeWithoutLeases)
    .faults(unansweredCompletions)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("lease-races", "leaders do not hear of those that replace them, and clocks differ", three)
    .faults(leaseRaces, lateAnswers)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("lease-releases", "leaders hand over, and messages come late and twice", three)
    .faults(lateReleases, surely(lateAnswers))
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("lease-standstills", "leaders stand still while they are replaced, with questions waiting", three)
    .faults(frozenLeaders, lateGrants, standstills)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("late-grants", "answers to the last round of a leader come late, and it is replaced", three)
    .faults(lateGrants)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("shorter-leases", "leases are shortened by restarts while longer ones run", three)
    .faults(shorterLeases)
    .chaosFor({ min: 10_000, max: 30_000 }),
  scenario("overtaken-and-restarted", "nodes that had to drop entries are restarted", threeWithoutLeases)
    .faults(overtakenBallots, surely(restarts))
    .chaosFor({ min: 4_000, max: 10_000 }),
  simulate("gone-leaders")
    .about("a leader stays away, and a spare that followed it takes its place")
    .cluster({ acceptors: { min: 2, max: 3 }, spares: { min: 1, max: 1 }, masterApart: 1 })
    .workload(registers)
    .faults(goneLeaders)
    .chaosFor({ min: 22_000, max: 24_000 }),
  simulate("lost-retirements")
    .about("backups are retired, and the leader does not hear of it for a while")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
    .workload(busyRegisters)
    .faults(lostRetirements)
    .chaosFor({ min: 6_000, max: 12_000 })
]
