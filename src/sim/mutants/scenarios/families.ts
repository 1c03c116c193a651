/**
 * Faults aimed at one kind of bug each: more often, or in a certain order, than faults come by themselves.
 */
import { Effect } from "effect"
import { GroupId, NodeId } from "../../../protocol/ids.ts"
import { Bus } from "../../../runtime/bus/port.ts"
import { noReplica, packetCodec } from "../../../wire/packet.ts"
import { subjectsOf } from "../../../wire/subjects.ts"
import { clusterName, groupName } from "../../cluster.ts"
import { isTold } from "../../disk/last-frame.ts"
import { completesAll } from "../../disk/process-kill.ts"
import { timedFault } from "../../kernel/timed-fault.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import type { RebootKind, SimProcess } from "../../process.ts"
import { askForLead } from "../../swarm/ask-for-lead.ts"
import { attrition } from "../../swarm/attrition.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"

/** A family that is in every seed. */
const sure = (name: string, begin: FaultFamily["begin"]): FaultFamily => ({ name, share: 1, begin })

/** The same family in every seed. */
export const surely = (family: FaultFamily): FaultFamily => ({ ...family, share: 1 })

/** Strikes every so many virtual milliseconds, drawn once for the run between the two. */
const often = (
  world: World,
  minMs: number,
  maxMs: number,
  strike: (durationMs: number) => Effect.Effect<void>
): Effect.Effect<never> => {
  const settings = { everyMs: world.random.range(minMs, maxMs), durationMs: { min: 20, max: 300 } }
  return timedFault(world.random, settings, (durationMs) => Effect.suspend(() => strike(durationMs)))
}

const groupsUp = (world: World): ReadonlyArray<WatchedGroup> => [
  ...(world.cluster?.oracle.running.values() ?? [])
]

/** Has a node ask for the lead; it may be one of the others, too. */
export const campaign = (
  world: World,
  candidate: WatchedGroup,
  others: ReadonlyArray<WatchedGroup>
): void => {
  const token = `guided/${candidate.node}/${world.random.count}`
  const voters = others.filter((of) => of !== candidate)
  askForLead(world, candidate, voters, token)
}

/** Nodes take the lead from each other all the time, with all acceptors or some. */
export const quickRivals: FaultFamily = sure("quick-rivals", (world) => {
  const { random } = world
  const subsets = random.chance(0.5)
  return often(world, 60, 500, () =>
    Effect.sync(() => {
      const up = groupsUp(world)
      if (up.length === 0) return
      const candidate = random.pick(up)
      const others = random.shuffle(up.filter((of) => of !== candidate))
      campaign(world, candidate, subsets ? others.slice(0, random.below(others.length + 1)) : others)
    })
  )
})

/** All nodes that do not lead ask for the lead at one moment, again and again. */
export const crowds: FaultFamily = sure("crowds", (world) =>
  often(world, 200, 900, () =>
    Effect.sync(() => {
      const up = groupsUp(world)
      for (const candidate of up) campaign(world, candidate, up)
    })
  )
)

/**
 * One link between two nodes is cut one way, for a moment: some acceptors have an entry that the others have
 * not.
 */
export const briefCuts: FaultFamily = sure("brief-cuts", (world) => {
  const { random, bus } = world
  return often(world, 40, 300, (durationMs) => {
    const [from, to] = random.shuffle(world.cluster?.names ?? [])
    if (from === undefined || to === undefined) return Effect.void
    return Effect.ensuring(Effect.sleep(durationMs), Effect.sync(bus.severOneWay(from, to)))
  })
})

/** Power is cut again and again, for a moment, at drawn nodes. */
export const powerCuts: FaultFamily = sure("power-cuts", (world) => reboots(world, "power", 1))

/** Disks are replaced by empty ones. */
export const wipes: FaultFamily = sure("wipes", (world) =>
  often(world, 150, 900, (downMs) => {
    const { acceptors, master } = world.cluster!.options
    const victim = world.random.pick(acceptors.filter((name) => name !== master))
    const process = world.cluster!.processes.get(victim)!
    return process.running ? world.reboot(process, "wipe", downMs) : Effect.void
  })
)

const reboots = (world: World, kind: RebootKind, maxDown: number) =>
  attrition(world, {
    everyMs: world.random.range(100, 700),
    durationMs: { min: 1, max: 200 },
    weights: [[kind, 1]],
    maxDown
  })

/** All nodes of the group are down at once, for longer than an operator waits for them; the master is not. */
export const blackouts: FaultFamily = sure("blackouts", (world) => {
  const { random } = world
  const { acceptors } = world.cluster!.options
  return often(world, 800, 2_000, () => {
    const downMs = random.range(1_200, 1_800)
    const processes = acceptors.map((name) => world.cluster!.processes.get(name)!)
    return Effect.forEach(processes, (process) => world.reboot(process, "crash", downMs), {
      concurrency: "unbounded",
      discard: true
    })
  })
})

/** The master's node loses its power, again and again, and its disk is slow. */
export const masterPowerCuts: FaultFamily = sure("master-power-cuts", (world) => {
  const process = world.cluster!.processes.get(world.cluster!.options.master)!
  const { disk } = process
  const latency = { kind: "uniform", minMicros: 2_000, maxMicros: 30_000 } as const
  disk.faults = { ...disk.faults, slowness: { ...disk.faults.slowness, latency } }
  return often(world, 400, 900, () =>
    process.running ? world.reboot(process, "power", world.random.range(1, 60)) : Effect.void
  )
})

/** What is written behind a frame that rots shows what it is; it must not vanish with the process. */
const leavesWritesWhole = ({ disk }: SimProcess): void => {
  disk.faults = { ...disk.faults, processKill: completesAll }
}

/** The first node's disk rots where recovery can tell it from a torn write, and it is restarted. */
export const rotOfOne: FaultFamily = sure("rot-of-one", (world) => {
  const process = world.cluster!.processes.get("n1")!
  leavesWritesWhole(process)
  return often(world, 200, 900, (durationMs) => {
    process.disk.rot(isTold)
    return world.reboot(process, "crash", durationMs)
  })
})

/** Longer than a node that starts waits for others to say how far its disk had come. */
const unansweredMs = 1_500

/** The same, and nobody can tell it that its log was longer. */
export const rotOfOneAlone: FaultFamily = sure("rot-of-one-alone", (world) => {
  const process = world.cluster!.processes.get("n1")!
  leavesWritesWhole(process)
  return often(world, 200, 900, (durationMs) => {
    const heal = world.bus.part([process.name])
    process.disk.rot(isTold)
    return Effect.ensuring(
      Effect.andThen(world.reboot(process, "crash", durationMs), Effect.sleep(unansweredMs)),
      Effect.sync(heal)
    )
  })
})

/** Writes fail often, wholly or in part. */
export const badDisks: FaultFamily = sure("bad-disks", (world) => {
  for (const { disk } of world.processes.values())
    disk.faults = { ...disk.faults, failedWrite: { rate: 0.01 }, shortWrite: { rate: 0.01 } }
  return Effect.never
})

/** Many messages are lost, doubled and late: clients have to send again. */
export const lossyBus: FaultFamily = sure("lossy-bus", (world) => {
  const { bus } = world
  bus.faults = {
    ...bus.faults,
    loss: { rate: 0.1 },
    duplication: { rate: 0.1, copiesMax: 2 },
    reordering: { rate: 0.1, delayMicros: { min: 1_000, max: 2_000_000 } }
  }
  return Effect.never
})

/** So much is lost that a node misses many beats in a row, now and then all before a silence. */
export const deafening: FaultFamily = sure("deafening", ({ bus }) => {
  bus.faults = { ...bus.faults, loss: { rate: 0.5 } }
  return Effect.never
})

/** Turns one knob as far down as it goes. */
const turnedDown = (family: string, name: string): FaultFamily =>
  sure(family, ({ disturbance }) => {
    disturbance.turnDown(name)
    return Effect.never
  })

/** A snapshot is sent in so many pieces that the next one is made meanwhile. */
export const smallPieces: FaultFamily = turnedDown("small-pieces", "snapshot-piece-bytes")

/** Clients leave a session after very few commands. */
export const shortSessions: FaultFamily = turnedDown("short-sessions", "client-session-numbers")

/** Messages come late and twice, but they come. */
export const lateMessages: FaultFamily = sure("late-messages", (world) => {
  const { bus, random } = world
  bus.faults = {
    ...bus.faults,
    duplication: { rate: 0.3, copiesMax: 2 },
    reordering: { rate: 0.3, delayMicros: { min: 100, max: random.range(20_000, 600_000) } }
  }
  return Effect.never
})

/**
 * Sends a request to the master in the name of nobody; the answer goes to the leader of the active
 * configuration.
 */
const askMaster = (world: World, operator: string, acceptor: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    const active = world.cluster?.oracle.master?.active
    const retiring = active?.acceptors.find(({ node }) => node === acceptor)
    const life = world.processes.get(operator)?.node.incarnation
    if (active === undefined || retiring === undefined || life === undefined) return Effect.void
    const subjects = subjectsOf(clusterName)
    const { ballot, generation, leader } = active
    const request = { _tag: "Retire", requestId: `retire/${ballot}/${generation}/${acceptor}` } as const
    const bytes = packetCodec(clusterName).encode(noReplica, GroupId(groupName), {
      _tag: "MasterAsk",
      request: { ...request, origin: { ballot, generation }, acceptor: retiring }
    })
    world.kernel.trace.strike("retirement", acceptor, { ballot, generation })
    const ask = Effect.gen(function* () {
      const bus = yield* Bus
      bus.publish(subjects.master(NodeId(world.cluster!.options.master)), bytes, subjects.node(leader.node))
    })
    return Effect.asVoid(
      Effect.exit(
        Effect.scoped(Effect.flatMap(world.bus.connect(life), (bus) => Effect.provideService(ask, Bus, bus)))
      )
    )
  })

/** Name of the process that retires acceptors; a setup adds it. */
export const operatorName = "operator"

/** An operator takes backups out of the active configuration, and the leader, which the master refuses. */
export const retirements: FaultFamily = sure("retirements", (world) =>
  often(world, 300, 1_500, () =>
    Effect.suspend(() => {
      const acceptors = world.cluster?.oracle.master?.active?.acceptors ?? []
      return acceptors.length < 2
        ? Effect.void
        : askMaster(world, operatorName, world.random.pick(acceptors).node)
    })
  )
)

/** Retires one acceptor by name. */
export const retire = (world: World, acceptor: string): Effect.Effect<void> =>
  askMaster(world, operatorName, acceptor)
