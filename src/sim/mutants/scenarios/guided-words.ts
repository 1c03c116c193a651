/** Scenarios about messages, clients and operators: late words, old words, and many of them. */

import { type Simulation, simulate } from "../../simulation.ts"
import { restarts } from "../../swarm/attrition.ts"
import { lastingOutages, steadyProgress } from "../../swarm/failovers.ts"
import { messageFaults, partitions } from "../../swarm/network.ts"
import { buggified, clientCrashes, pauses } from "../../swarm/process.ts"
import { crowd } from "../../workload/crowd.ts"
import { operations } from "../../workload/operations.ts"
import { busyRegisters, largeRegisters, rareRegisters } from "../../workload/registers.ts"
import { silencedClients, unheardRetirements } from "./choreography.ts"
import { closedClients } from "./closed-clients.ts"
import { damagedCopies } from "./damage.ts"
import {
  blackouts,
  briefCuts,
  deafening,
  lateMessages,
  lossyBus,
  quickRivals,
  shortSessions,
  surely
} from "./families.ts"
import { swapped } from "./flapping.ts"
import { addOperator, scenario, small, three, threeWithoutLeases } from "./guided-shapes.ts"
import { longNights, steadyWriters } from "./leaderless.ts"
import { oldBeats, quickRestarts } from "./old-beats.ts"
import { oldRequests } from "./old-requests.ts"
import { lateCopies, oldAcknowledgements } from "./old-words.ts"
import { replacements } from "./replacements.ts"
import { patientRegisters, silentLeaders } from "./silent-leaders.ts"
import { busAwayAtStarts } from "./starts.ts"
import { withheld } from "./withheld.ts"

export const wordScenarios: ReadonlyArray<Simulation> = [
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
  scenario(
    "short-sessions",
    "clients have many sessions, and copies of what they were told come late"
  ).faults(shortSessions, lateMessages),
  simulate("silent-leaders")
    .about("leaders are replaced, and a client hears neither of that nor anything of the old one")
    .cluster(three)
    .workload(patientRegisters)
    .faults(silentLeaders)
    .chaosFor({ min: 45_000, max: 60_000 }),
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
  simulate("hush")
    .about("little is asked, half of what is said is lost, and leaders fall silent")
    .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 1, patient: true })
    .workload(rareRegisters)
    .faults(deafening, surely(buggified))
    .chaosFor({ min: 20_000, max: 40_000 }),
  simulate("unheard-retirements")
    .about("little is asked, and the backup that is left does not hear of the one that was retired")
    .cluster(three)
    .setup(addOperator)
    .workload(rareRegisters)
    .faults(unheardRetirements)
    .chaosFor({ min: 20_000, max: 40_000 }),
  scenario("expiries", "clients are silenced until their sessions expire")
    .faults(silencedClients)
    .chaosFor({ min: 10_000, max: 20_000 }),
  simulate("leaderless")
    .about("all nodes are down for longer than sessions live, and clients go on in theirs")
    .cluster({ acceptors: { min: 2, max: 3 }, masterApart: 0.5 })
    .workload(steadyWriters)
    .faults(longNights)
    .chaosFor({ min: 10_000, max: 20_000 }),
  simulate("forgotten-sessions")
    .about("sessions run out while snapshots are made, and nodes start from these")
    .cluster({ ...small, snapshots: true })
    .workload(busyRegisters)
    .faults(silencedClients, surely(restarts), surely(clientCrashes))
    .chaosFor({ min: 10_000, max: 20_000 }),
  scenario("races", "clients race for the same keys").faults(messageFaults, restarts, partitions),
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
  simulate("operated-rivals")
    .about("an operator drains nodes and takes them back while far-off nodes take the lead from each other")
    .cluster({ acceptors: { min: 2, max: 3 }, spares: { min: 1, max: 2 }, masterApart: 1 })
    .workload(operations)
    .faults(quickRivals, lateMessages)
    .chaosFor({ min: 8_000, max: 12_000 }),
  simulate("busy-returns")
    .about("nodes go away and come back while clients write without a pause, to the very end")
    .cluster({ acceptors: { min: 3, max: 3 }, masterApart: 1, sessionTtlMs: 60_000 })
    .workload(crowd)
    .faults(surely(lastingOutages), lossyBus)
    .chaosFor({ min: 6_000, max: 10_000 })
    .recoversWithin(30_000),
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
  simulate("withheld")
    .about("an acceptor cannot tell a client anything, which sends on before it has the last result")
    .cluster(three)
    .workload(withheld)
    .chaosFor({ min: 3_000, max: 5_000 }),
  simulate("closed-clients")
    .about("clients are closed while their commands are in flight, and others read after that")
    .cluster(small)
    .workload(closedClients)
    .chaosFor({ min: 1_000, max: 2_000 }),
  scenario("damage", "packets come a second time, with a bit flipped", three).faults(
    damagedCopies,
    quickRivals
  )
]
