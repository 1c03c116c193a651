/** Scenarios that lead a run to where certain bugs live, in less time than the general ones need. */
import { Effect } from "effect"
import { restarts } from "../../attrition.ts"
import { lastingOutages, steadyProgress } from "../../failovers.ts"
import { scenarioNamed } from "../../scenarios/named.ts"
import { type Simulation, simulate } from "../../simulation.ts"
import type { ClusterShape } from "../../simulation-spec.ts"
import { oldCopies } from "../../swarm-copies.ts"
import { slowDisks } from "../../swarm-disk.ts"
import { diskLosses } from "../../swarm-members.ts"
import { messageFaults, partitions } from "../../swarm-network.ts"
import { buggified, crashPoints, pauses } from "../../swarm-process.ts"
import { commands } from "../../workload/commands.ts"
import { operations } from "../../workload/operations.ts"
import { busyRegisters, largeRegisters } from "../../workload/registers.ts"
import type { World } from "../../world.ts"
import {
  leadersBehindPartitions,
  lostRetirements,
  overtakenBallots,
  retiredRival,
  silencedClients
} from "./choreography.ts"
import { copiesOfMasters, emptyFirst, oneCopyTwice } from "./copies.ts"
import { damagedCopies } from "./damage.ts"
import {
  badDisks,
  blackouts,
  briefCuts,
  lateMessages,
  lossyBus,
  masterPowerCuts,
  operatorName,
  powerCuts,
  quickRivals,
  retirements,
  rotOfOne,
  rotOfOneAlone,
  smallPieces,
  surely,
  wipes
} from "./families.ts"
import { swapped } from "./flapping.ts"
import { frozenLeaders, lateAnswers, lateReleases, leaseRaces, standstills } from "./lease-races.ts"
import { misplacedDirectories } from "./misplaced.ts"
import { oldBeats, quickRestarts } from "./old-beats.ts"
import { oldRequests } from "./old-requests.ts"
import { lateCopies, oldAcknowledgements, unansweredCompletions } from "./old-words.ts"
import { replacements } from "./replacements.ts"
import { rotAtTheEnd } from "./rot.ts"
import { snapshotsMade } from "./snapshots-made.ts"
import { busAwayAtStarts } from "./starts.ts"
import { strandedLogs } from "./stranded.ts"
import { withheld } from "./withheld.ts"

// A group that drops whom it misses has few acceptors left to go wrong with: here it keeps them.
const small = { acceptors: { min: 2, max: 3 }, masterApart: 0.5, patient: true }
const three = { acceptors: { min: 3, max: 3 }, masterApart: 1, patient: true }

/** The master is on three nodes that do nothing else. */
const threeAndMasters = { ...three, masters: 3, mastersApart: true } as const

/** Faults in a narrow order, which the wait for a lease would upset. */
const threeWithoutLeases = { ...three, leases: false }

const scenario = (name: string, about: string, shape: ClusterShape = small): Simulation =>
  simulate(name).about(about).cluster(shape).workload(busyRegisters).chaosFor({ min: 1_500, max: 4_000 })

const addOperator = (world: World): void => {
  world.addProcess({ name: operatorName, program: () => Effect.never })
}

/** The faults may stop the group for good: that it makes no progress afterwards is no finding. */
const mayStop = (simulation: Simulation): Simulation => simulation.expectingDamage().withoutRecovery()

const guided: ReadonlyArray<Simulation> = [
  scenario("rivals", "nodes take the lead from each other, restart, and do not hear everything").faults(
    quickRivals,
    briefCuts,
    surely(restarts),
    messageFaults,
    crashPoints,
    buggified
  ),
  scenario("power", "power is cut while disks are slow").faults(
    powerCuts,
    surely(slowDisks),
    crashPoints,
    quickRivals
  ),
  scenario("bad-disks", "writes fail, and nodes take the lead from each other").faults(
    badDisks,
    quickRivals,
    restarts
  ),
  scenario("brim", "writes fail, some of them where a segment of the log ends and the next begins", {
    ...small,
    snapshots: true
  }).faults(badDisks, restarts),
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
  scenario("retries", "messages get lost, doubled and late, so that clients send again").faults(
    lossyBus,
    quickRivals,
    restarts,
    pauses,
    buggified
  ),
  scenario("late", "messages come late and twice while nodes take the lead").faults(
    lateMessages,
    quickRivals,
    briefCuts
  ),
  scenario("late-rounds", "leaders are replaced while answers to them are on their way", threeWithoutLeases)
    .faults(leadersBehindPartitions, surely(lateAnswers))
    .chaosFor({ min: 4_000, max: 10_000 }),
  scenario("old-words", "acknowledgements of ballots that are over come again", threeWithoutLeases)
    .faults(oldAcknowledgements, lateCopies)
    .chaosFor({ min: 20_000, max: 30_000 }),
  scenario("old-beats", "nodes restart, and beats of lives that are over come again and again", three)
    .workload(oldBeats)
    .faults(quickRestarts)
    .chaosFor({ min: 4_000, max: 8_000 }),
  simulate("old-lives")
    .about("nodes stay away for seconds, and beats of lives that are over come again and again; writes go on")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
    .workload(oldBeats)
    .faults(lastingOutages, steadyProgress(4))
    .chaosFor({ min: 8_000, max: 25_000 }),
  // Without commands: what a busy client does in more than a minute takes long, and shows nothing here.
  simulate("old-requests")
    .about("what operators asked for comes again long after it was done")
    .cluster(three)
    .workload(operations)
    .faults(oldRequests)
    .chaosFor({ min: 75_000, max: 100_000 }),
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
  scenario("expiries", "clients are silenced until their sessions expire")
    .faults(silencedClients)
    .chaosFor({ min: 10_000, max: 20_000 }),
  scenario("races", "clients race for the same keys").faults(messageFaults, restarts, partitions),
  scenario("rot-at-the-end", "the last frame of a log rots, and the one behind it is torn or there is none")
    .faults(rotAtTheEnd, surely(slowDisks), quickRivals)
    .expectingDamage(),
  simulate("cramped")
    .about("leaders keep little, and clients send much at once")
    .cluster(small)
    .workload(largeRegisters)
    .faults(surely(buggified))
    .chaosFor({ min: 1_500, max: 4_000 }),
  scenario("starts", "the bus goes away while nodes begin").faults(busAwayAtStarts, surely(messageFaults)),
  simulate("operated-blackouts")
    .about("an operator drains nodes and takes them back while only the master answers")
    .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 1 })
    .workload(busyRegisters)
    .workload(operations)
    .faults(blackouts)
    .chaosFor({ min: 8_000, max: 12_000 }),
  simulate("replacements")
    .about("an operator asks to replace acceptors by those that vote already, and nothing fails")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
    .workload(replacements)
    .chaosFor({ min: 2_000, max: 4_000 }),
  simulate("swapped")
    .about("two nodes are swapped again and again, and one drained: the other takes its place in seconds")
    .cluster({ acceptors: { min: 3, max: 3 }, spares: { min: 1, max: 1 }, masterApart: 1 })
    .workload(swapped)
    .chaosFor({ min: 8_000, max: 8_000 })
    .recoversWithin(20_000),
  simulate("lost-retirements")
    .about("backups are retired, and the leader does not hear of it for a while")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1 })
    .workload(busyRegisters)
    .faults(lostRetirements)
    .chaosFor({ min: 6_000, max: 12_000 }),
  simulate("late-witnesses")
    .about("a node comes back with an old copy, and those who know better come up after it")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1, snapshots: false })
    .workload(busyRegisters)
    .faults(oldCopies({ everybodyShare: 1, othersLateMs: 600 }))
    .chaosFor({ min: 10_000, max: 20_000 }),
  scenario("misplaced-directories", "nodes are started on the directories of others", three)
    .faults(misplacedDirectories)
    .chaosFor({ min: 4_000, max: 8_000 }),
  simulate("snapshots-made")
    .about("snapshots are made of a log that grows slowly, and nothing fails")
    .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 0.5, snapshots: true })
    .workload(commands({ clients: 2, count: { min: 300, max: 800 }, keys: 5 }))
    .setup(snapshotsMade)
    .chaosFor({ min: 3_000, max: 6_000 }),
  simulate("withheld")
    .about("an acceptor cannot tell a client anything, which sends on before it has the last result")
    .cluster(three)
    .workload(withheld)
    .chaosFor({ min: 3_000, max: 5_000 }),
  simulate("laggards")
    .about("nodes that lost their disks pull snapshots in small pieces while new ones are made all the time")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1, snapshots: true })
    .workload(busyRegisters)
    .faults(diskLosses, smallPieces)
    .chaosFor({ min: 6_000, max: 10_000 }),
  simulate("stranded")
    .about("a long end of a log that was never chosen meets a snapshot of what was")
    .cluster({ ...threeWithoutLeases, snapshots: true })
    .workload(commands({ clients: 10, count: { min: 400, max: 2_000 }, keys: 20 }))
    .faults(strandedLogs)
    .chaosFor({ min: 10_000, max: 20_000 }),
  scenario("damage", "packets come a second time, with a bit flipped", three).faults(
    damagedCopies,
    quickRivals
  ),
  mayStop(
    scenario("copies", "masters lose their disks, and a copy of their state is put back", threeAndMasters)
      .setup(addOperator)
      .faults(copiesOfMasters, retirements, briefCuts)
      .chaosFor({ min: 6_000, max: 15_000 })
  ),
  mayStop(
    scenario("one-copy-twice", "masters begin twice with one copy, and hand a number out twice", {
      ...threeAndMasters,
      leases: false
    })
      .faults(oneCopyTwice)
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  mayStop(
    scenario("empty-first", "the first acceptor keeps the master and comes back with an empty disk", {
      acceptors: { min: 2, max: 4 },
      masterApart: 0,
      masterFirst: true
    }).faults(emptyFirst, quickRivals, messageFaults)
  ),
  mayStop(
    scenario("wiped", "disks are replaced by empty ones while nodes take the lead", three).faults(
      wipes,
      quickRivals
    )
  ),
  mayStop(
    scenario("rotten-snapshots", "the disk of one node rots, its snapshots too", {
      ...three,
      snapshots: true
    }).faults(rotOfOne, quickRivals)
  ),
  mayStop(
    scenario("rot", "the disk of one node rots, and nobody can tell it", three)
      .faults(rotOfOneAlone, quickRivals)
      .chaosFor({ min: 6_000, max: 12_000 })
  )
]

/** A scenario by name, of these or of the general ones. */
export const findScenario = (name: string): Simulation | undefined =>
  guided.find((simulation) => simulation.name === name) ?? scenarioNamed(name)
