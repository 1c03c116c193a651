/** Scenarios that lead a run to where certain bugs live, in less time than the general ones need. */
import { Effect } from "effect"
import { restarts } from "../../attrition.ts"
import { scenarioNamed } from "../../scenarios/named.ts"
import { type Simulation, simulate } from "../../simulation.ts"
import { slowDisks } from "../../swarm-disk.ts"
import { messageFaults, partitions } from "../../swarm-network.ts"
import { buggified, crashPoints, pauses } from "../../swarm-process.ts"
import { registers } from "../../workload/registers.ts"
import type { World } from "../../world.ts"
import { leadersBehindPartitions, overtakenBallots, retiredRival, silencedClients } from "./choreography.ts"
import {
  badDisks,
  briefCuts,
  lateMessages,
  lossyBus,
  masterPowerCuts,
  misdirectionsOfOne,
  operatorName,
  powerCuts,
  quickFreezes,
  quickRivals,
  retirements,
  rotOfOne,
  surely,
  wipes
} from "./families.ts"

/** A scenario of the campaign. */
interface Guided {
  readonly simulation: Simulation
  /** The faults may stop the group for good: that it makes no progress afterwards is no finding. */
  readonly mayStop: boolean
}

const small = { acceptors: { min: 2, max: 3 }, masterApart: 0.5 }
const three = { acceptors: { min: 3, max: 3 }, masterApart: 1 }

const scenario = (name: string, about: string, shape = small): Simulation =>
  simulate(name).about(about).cluster(shape).workload(registers).chaosFor({ min: 1_500, max: 4_000 })

const addOperator = (world: World): void => {
  world.addProcess({ name: operatorName, program: () => Effect.never })
}

const goesOn = (simulation: Simulation): Guided => ({ simulation, mayStop: false })
const mayStop = (simulation: Simulation): Guided => ({
  simulation: simulation.expectingDamage().recoversWithin(500),
  mayStop: true
})

const guided: ReadonlyArray<Guided> = [
  goesOn(
    scenario("rivals", "nodes take the lead from each other, restart, and do not hear everything").faults(
      quickRivals,
      briefCuts,
      surely(restarts),
      messageFaults,
      crashPoints,
      buggified
    )
  ),
  goesOn(
    scenario("power", "power is cut while disks are slow").faults(
      powerCuts,
      surely(slowDisks),
      crashPoints,
      quickRivals
    )
  ),
  goesOn(
    scenario("bad-disks", "writes fail, and nodes take the lead from each other").faults(
      badDisks,
      quickRivals,
      restarts
    )
  ),
  goesOn(
    scenario("master-power", "the master loses its power while ballots are asked for", three).faults(
      masterPowerCuts,
      quickRivals
    )
  ),
  goesOn(
    scenario("stale-reads", "leaders are cut off from the others, and not from their clients", three)
      .faults(leadersBehindPartitions)
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  goesOn(
    scenario("overtaken", "a ballot is overtaken by one that has an entry which it did not read", three)
      .faults(overtakenBallots)
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  goesOn(
    scenario("retirements", "acceptors are retired while they lead ballots that are not active", three)
      .setup(addOperator)
      .faults(retiredRival)
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  goesOn(
    scenario("retired-at-random", "acceptors are retired while nodes take the lead from each other", three)
      .setup(addOperator)
      .faults(retirements, quickRivals, briefCuts)
  ),
  goesOn(
    scenario("retries", "messages get lost, doubled and late, so that clients send again").faults(
      lossyBus,
      quickRivals,
      restarts,
      pauses,
      buggified
    )
  ),
  goesOn(
    scenario("late", "messages come late and twice while nodes take the lead").faults(
      lateMessages,
      quickRivals,
      briefCuts
    )
  ),
  goesOn(
    scenario("frozen", "nodes stand still, and find much in their mailboxes when they go on").faults(
      quickFreezes,
      quickRivals,
      briefCuts
    )
  ),
  goesOn(
    scenario("overtaken-and-restarted", "nodes that had to drop entries are restarted", three)
      .faults(overtakenBallots, surely(restarts))
      .chaosFor({ min: 4_000, max: 10_000 })
  ),
  goesOn(
    scenario("expiries", "clients are silenced until their sessions expire")
      .faults(silencedClients)
      .chaosFor({ min: 10_000, max: 20_000 })
  ),
  goesOn(scenario("races", "clients race for the same keys").faults(messageFaults, restarts, partitions)),
  mayStop(
    scenario("wiped", "disks are replaced by empty ones while nodes take the lead", three).faults(
      wipes,
      quickRivals
    )
  ),
  mayStop(scenario("rot", "the disk of one node rots", three).faults(rotOfOne, quickRivals)),
  mayStop(
    scenario("misdirected", "writes of one node land in the wrong place", three).faults(
      misdirectionsOfOne,
      quickRivals
    )
  )
]

/** A scenario by name, of these or of the general ones. */
export const findScenario = (name: string): Guided | undefined => {
  const general = scenarioNamed(name)
  return guided.find(({ simulation }) => simulation.name === name) ?? (general && goesOn(general))
}

/** Names of the guided scenarios. */
export const guidedNames: ReadonlyArray<string> = guided.map(({ simulation }) => simulation.name)
