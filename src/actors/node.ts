/**
 * A node: opens its storage, takes its place on the bus, and runs the roles of its groups until its scope
 * closes.
 */
import { Deferred, Effect, type Scope } from "effect"
import { GroupId, NodeId, noBallot, type Replica, StorageId } from "../protocol/ids.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import type { BadSubject, Bus, BusUnavailable } from "../runtime/bus/port.ts"
import type {
  StorageCorrupted,
  UnknownFormat,
  WalFailure,
  WrongCluster,
  WrongNode
} from "../runtime/storage/errors.ts"
import type { DirectoryInUse, DiskFailed, Files } from "../runtime/storage/port.ts"
import type { Wal } from "../runtime/storage/wal.ts"
import type { Packet } from "../wire/packet.ts"
import { isOfMasters } from "../wire/register-codec.ts"
import { answerStatus } from "./answers/answer-status.ts"
import { type CatchUpSource, serveCatchUp } from "./catch-up/catch-up.ts"
import { type Group, type GroupFailure, type GroupParts, spawnGroup } from "./group/group.ts"
import type { GroupStatus } from "./group/status.ts"
import { watchMembers } from "./leadership/members.ts"
import { serveOperators } from "./leadership/operators.ts"
import { callRoll } from "./leadership/roll-call.ts"
import { makeCompaction, wantsSnapshot } from "./log/compaction.ts"
import type { GroupLog } from "./log/group-log.ts"
import { openGroupLogs } from "./log/node-storage.ts"
import type { MasterRequests } from "./master/line.ts"
import {
  type MasterFailure,
  type MasterPart,
  type MasterStatus,
  promisesIn,
  runMasterPart
} from "./master/masters.ts"
import { asNodes } from "./master/seat-taking.ts"
import { ConfigInvalid, holdersOf, mastersOf, type NodeConfig } from "./node/config.ts"
import { count, makeNodeContext, type NodeContext } from "./node/context.ts"
import { endingNode, endNode } from "./node/end-node.ts"
import { type Detector, type PeerStatus, spawnDetector } from "./presence/detector.ts"
import { announce, type Presence, type PresenceFailure } from "./presence/presence.ts"
import { openSnapshotStore, type SnapshotRefused } from "./snapshots/store.ts"
import { serveSnapshots } from "./snapshots/transfer.ts"

export { MemoryDisk } from "../runtime/storage/memory.ts"
export { ConfigInvalid, type NodeConfig, nodeConfig } from "./node/config.ts"

/** Why a node that ran stops by itself. */
export type NodeFailure = GroupFailure | MasterFailure | PresenceFailure

/** Why a node does not start. */
export type StartFailure =
  | WalFailure
  | DiskFailed
  | DirectoryInUse
  | WrongCluster
  | WrongNode
  | UnknownFormat
  | StorageCorrupted
  | SnapshotRefused
  | BusUnavailable
  | BadSubject
  | ConfigInvalid
  | MasterFailure
  | PresenceFailure

/** What a node tells of itself. */
export interface NodeStatus {
  /** Its name. */
  readonly id: string
  /** Name of its disk: a wiped one has another. */
  readonly storage: string
  readonly pid: number
  readonly state: "running"
  /** Names of all nodes of the cluster, as this one was told. */
  readonly nodes: ReadonlyArray<string>
  readonly groups: ReadonlyArray<GroupStatus>
  /** The other nodes, as this one sees them. */
  readonly peers: ReadonlyArray<PeerStatus>
  /** By how much its event loop was late lately, at worst, in milliseconds. */
  readonly lagMs: number
  readonly log: ReturnType<Wal["stats"]>
  /** The nodes that keep the master. */
  readonly masters: ReadonlyArray<string>
  /** This node's part in it; absent where it has none. */
  readonly master?: MasterStatus
  /** How often this node has asked a master: never for a command or a read. */
  readonly masterRequests: MasterRequests
  /** What went by without doing harm: junk, refusals, messages that the bus did not take. */
  readonly counters: Readonly<Record<string, number>>
  /** Resident memory of the process; absent where nobody can tell. */
  readonly memoryBytes?: number
}

/** A node that has its storage and listens. It runs until the scope that it was started in closes. */
export interface RunningNode {
  readonly self: Replica
  /** What it tells of itself now. */
  readonly status: () => NodeStatus
  /** Fails when the node cannot go on: its storage failed, or its name is taken. */
  readonly failure: Effect.Effect<never, NodeFailure>
}

/** What a node is started with. */
export interface NodeOptions {
  /** As `nodeConfig` checked it. */
  readonly config: NodeConfig
  /** The state machines that groups can name. */
  readonly machines: ReadonlyArray<AnyMachine>
  /** Process id to be shown in the status; it has no other use. */
  readonly pid: number
  /** Tells the resident memory of the process in bytes, for the status. */
  readonly memoryBytes?: () => number
  /**
   * Called when the leader of a group on this node changes its phase; `Serving` is when it takes commands.
   */
  readonly onPhase?: (group: string, phase: string) => void
  /**
   * Called with the live parts of each group as it comes up, before it does anything; for those who watch
   * over a run.
   */
  readonly onGroup?: (parts: GroupParts) => void
}

/** The default of NATS. Batches and chunks of the log are sized for it. */
const payloadMinBytes = 1024 * 1024

/**
 * Runs a node in the scope, over the Bus and the Files of the environment. It returns once the node has its
 * storage and listens; a group serves as soon as its leader has been activated. Closing the scope stops it.
 *
 * Fails with `ConfigInvalid` where a group names a machine that is not given, `DirectoryInUse`,
 * `WrongCluster`, `WrongNode`,
 * `UnknownFormat`, `StorageCorrupted` or `DiskFailed` for its data, `DuplicateNode` where its name is taken,
 * `StorageRolledBack` where the data is an old copy,
 * `BusUnavailable` or `BadSubject` for the bus. What ends it later fails `failure` of the node that it
 * returns.
 *
 * @example
 * ```ts
 * const servers = ["127.0.0.1:4222"]
 * const program = Effect.gen(function* () {
 *   const settings = { cluster: "shop", node: "n1", nodes: ["n1", "n2", "n3"], data: "data/n1" }
 *   const config = yield* nodeConfig(settings)
 *   const node = yield* runNode({ config, machines: [kvMachine], pid: process.pid })
 *   return yield* node.failure
 * }).pipe(Effect.scoped, Effect.provide([natsBusLayer({ servers, name: "n1" }), filesLayer()]))
 * ```
 */
export const runNode = Effect.fnUntraced(function* (
  options: NodeOptions
): Effect.fn.Return<RunningNode, StartFailure, Bus | Files | Scope.Scope> {
  const { config } = options
  const { onPhase = () => {}, onGroup: onParts = () => {} } = options
  const machineOf = new Map(options.machines.map((machine) => [machine.name, machine]))
  const unknown = config.groups.find(({ machine }) => !machineOf.has(machine))
  if (unknown !== undefined) {
    const problem = `group ${unknown.name}: there is no machine named "${unknown.machine}"`
    return yield* new ConfigInvalid({ problem })
  }
  const { wal, framesFound, logs, keeper, floors, compacted, actors } = yield* openGroupLogs(config)
  const self: Replica = { node: NodeId(config.node), storage: StorageId(wal.storageId) }
  const context = yield* contextOf(config, self, logs)
  yield* checkPayload(context.bus.maxPayloadBytes)
  const failed = yield* Deferred.make<never, NodeFailure>()
  const fail = (failure: NodeFailure) => Deferred.doneUnsafe(failed, Effect.fail(failure))
  const disk = { promised: () => promisesIn(logs), floors, framesFound, frames: () => wal.stats().frames }
  const presence = yield* announce(context, config, disk)
  yield* Effect.forkScoped(Effect.catch(presence.failure, (failure) => Effect.sync(() => fail(failure))))
  yield* context.bus.onStatus((status) => {
    if (status === "Connected") presence.greet()
  })
  const master = yield* runMasterPart({ config, context, logs, store: keeper, onFailure: fail })
  const { detector, actor: detecting } = yield* spawnDetector(context, config.nodes, config, disk.frames)
  const groups = new Map<GroupId, Group>()
  const sources = new Map<GroupId, CatchUpSource>()
  const compact = compactFor(yield* makeCompaction(compacted), wal, logs, groups)
  for (const group of config.groups.filter((one) => holdersOf(one).includes(config.node))) {
    const machine = machineOf.get(group.machine)!
    const roles = yield* spawnGroup({
      config,
      group,
      machine,
      log: logs.get(group.name)!,
      store: yield* openSnapshotStore(config.data, group.name, machine),
      compact,
      context,
      presence,
      detector,
      onFailure: fail,
      onPhase,
      onParts
    })
    groups.set(GroupId(group.name), roles)
    sources.set(GroupId(group.name), roles.source)
  }
  yield* Effect.forkScoped(endingNode(fail, `${config.node}/members`, watchMembers(groups.values())))
  const server = yield* serveCatchUp(context, sources)
  const operators = yield* serveOperators(context, groups)
  endNode(fail, ...actors, server, yield* serveSnapshots(context, groups), operators, detecting)
  const roll = yield* callRoll(context, groups, fail)
  yield* listen(config, context, { groups, presence, detector, master, roll })
  const status = (): NodeStatus => ({
    id: config.node,
    storage: wal.storageId,
    pid: options.pid,
    state: "running",
    nodes: config.nodes,
    groups: [...groups.values()].map((group) => group.status()),
    peers: detector.peers(),
    lagMs: Math.round(detector.lagMs()),
    log: wal.stats(),
    ...mastersSeen(config, context, master.status()),
    counters: Object.fromEntries(context.counters),
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes() })
  })
  yield* answerStatus(context, status)
  return { self, status, failure: Deferred.await(failed) }
})

const checkPayload = (maxPayloadBytes: number): Effect.Effect<void, ConfigInvalid> => {
  if (maxPayloadBytes >= payloadMinBytes) return Effect.void
  const problem = `the bus takes ${maxPayloadBytes} bytes a message, and a node needs ${payloadMinBytes}`
  return Effect.fail(new ConfigInvalid({ problem: `${problem}: raise max_payload of the NATS server` }))
}

/** Shortens the node's log, and asks groups for a snapshot that alone keep more of it than they should. */
const compactFor = (
  compaction: Effect.Effect<number, WalFailure | StorageCorrupted>,
  wal: Wal,
  logs: ReadonlyMap<string, GroupLog>,
  groups: ReadonlyMap<GroupId, Group>
): Effect.Effect<void> =>
  compaction.pipe(
    Effect.catch((failure) => Effect.logWarning(`the log could not be shortened: ${failure.message}`)),
    Effect.andThen(
      Effect.sync(() => {
        for (const [name, group] of groups)
          if (wantsSnapshot(logs.get(name)!, wal.stats())) group.demandSnapshot()
      })
    )
  )

interface NodeParts {
  readonly groups: ReadonlyMap<GroupId, Group>
  readonly presence: Presence
  readonly detector: Detector
  readonly master: MasterPart
  readonly roll: { readonly take: (packet: Packet) => void }
}

const listen = Effect.fnUntraced(function* (config: NodeConfig, context: NodeContext, parts: NodeParts) {
  const { subjects, self } = context
  const { groups, presence, detector, master, roll } = parts
  const take = (packet: Packet): void => {
    if (packet.body._tag === "Roll") return roll.take(packet)
    if (packet.body._tag === "Beat") {
      presence.hearFrames(packet.from, packet.body.frames)
      return detector.take(packet)
    }
    if (isOfMasters(packet.body)) return master.take(packet)
    const group = groups.get(packet.group)
    if (group === undefined) count(context.counters, "unknown group")
    else group.take(packet)
  }
  yield* context.listen(subjects.node(self.node), take)
  for (const node of config.nodes) {
    if (node !== config.node) yield* context.listen(subjects.from(NodeId(node)), take)
  }
})

const contextOf = (config: NodeConfig, self: Replica, logs: ReadonlyMap<string, GroupLog>) => {
  const promised = (group: GroupId) => logs.get(group)?.promised ?? noBallot
  return makeNodeContext(config.cluster, self, { masters: asNodes(mastersOf(config)), promised })
}

const mastersSeen = (config: NodeConfig, context: NodeContext, master: MasterStatus | undefined) => ({
  ...(master === undefined ? {} : { master }),
  masters: mastersOf(config),
  masterRequests: context.master.requests()
})
