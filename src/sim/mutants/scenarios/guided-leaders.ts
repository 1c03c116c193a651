/** Scenarios about who leads: rivals, ballots, leases, and the masters that decide. */
import { restarts } from "../../attrition.ts"
import { type Simulation, simulate } from "../../simulation.ts"
import { messageFaults } from "../../swarm-network.ts"
import { buggified, crashPoints } from "../../swarm-process.ts"
import { busyRegisters } from "../../workload/registers.ts"
import { leadersBehindPartitions, lostRetirements, overtakenBallots, retiredRival } from "./choreography.ts"
import { briefCuts, lateMessages, masterPowerCuts, quickRivals, retirements, surely } from "./families.ts"
import { addOperator, scenario, three, threeAndMasters, threeWithoutLeases } from "./guided-shapes.ts"
import { frozenLeaders, lateAnswers, lateReleases, leaseRaces, standstills } from "./lease-races.ts"
import { unansweredCompletions } from "./old-words.ts"

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
  scenario("master-power", "the master loses its power while ballots are asked for", three).faults(
    masterPowerCuts,
    quickRivals
  ),
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
  scenario("late-rounds", "leaders are replaced while answers to them are on their way", threeWithoutLeases)
    .faults(leadersBehindPartitions, surely(lateAnswers))
    .chaosFor({ min: 4_000, max: 10_000 }),
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
    .faults(frozenLeaders, standstills)
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("overtaken-and-restarted", "nodes that had to drop entries are restarted", threeWithoutLeases)
    .faults(overtakenBallots, surely(restarts))
    .chaosFor({ min: 4_000, max: 10_000 }),
  simulate("lost-retirements")
    .about("backups are retired, and the leader does not hear of it for a while")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
    .workload(busyRegisters)
    .faults(lostRetirements)
    .chaosFor({ min: 6_000, max: 12_000 })
]
