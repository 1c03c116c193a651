/** Asking the nodes who they are and who leads. */
import { Deferred, Effect, Schema } from "effect"
import type { GroupId, NodeId } from "../protocol/ids.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import type { Subjects } from "../wire/subjects.ts"

const GroupSeen = Schema.Struct({
  group: Schema.String,
  /** Name of the machine that it replicates. Absent in nodes that do not tell. */
  machine: Schema.optionalKey(Schema.String),
  phase: Schema.String,
  role: Schema.optionalKey(Schema.String),
  size: Schema.optionalKey(Schema.Int),
  promised: Schema.Int,
  /** The first slot that its log still holds. */
  first: Schema.optionalKey(Schema.Int),
  last: Schema.Int,
  chosen: Schema.Int,
  applied: Schema.Int,
  /** Its newest snapshot, and why there is no newer one. */
  snapshot: Schema.optionalKey(
    Schema.Struct({
      slot: Schema.Int,
      sizeBytes: Schema.Int,
      problem: Schema.optionalKey(Schema.String)
    })
  ),
  configuration: Schema.optionalKey(
    Schema.Struct({
      ballot: Schema.Int,
      generation: Schema.Int,
      leader: Schema.String,
      acceptors: Schema.Array(Schema.String)
    })
  )
})

const PeerSeen = Schema.Struct({
  node: Schema.String,
  rttMs: Schema.optionalKey(Schema.Number),
  heardAgoMs: Schema.Number,
  suspected: Schema.Boolean,
  lagMs: Schema.optionalKey(Schema.Number)
})

/** What a node answers about itself, as far as clients and the command line use it. */
const NodeSeen = Schema.Struct({
  id: Schema.String,
  storage: Schema.String,
  pid: Schema.Int,
  state: Schema.String,
  groups: Schema.Array(GroupSeen),
  counters: Schema.Record(Schema.String, Schema.Number),
  memoryBytes: Schema.optionalKey(Schema.Number),
  /** Names of all nodes that it was told of. */
  nodes: Schema.optionalKey(Schema.Array(Schema.String)),
  /** The other nodes, as this one sees them. */
  peers: Schema.optionalKey(Schema.Array(PeerSeen)),
  /** By how much its event loop was late lately, at worst. */
  lagMs: Schema.optionalKey(Schema.Number),
  /** The nodes that keep the master, as it was told. */
  masters: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Its part in the master, where it has one. */
  master: Schema.optionalKey(
    Schema.Struct({
      state: Schema.String,
      /** What it has of the register: the state as JSON. Absent in nodes that do not tell. */
      registers: Schema.optionalKey(
        Schema.Array(Schema.Struct({ group: Schema.String, version: Schema.Int, state: Schema.String }))
      )
    })
  ),
  /** How often it has asked a master. */
  masterRequests: Schema.optionalKey(Schema.Struct({ changes: Schema.Int, reads: Schema.Int }))
})
export type NodeSeen = typeof NodeSeen.Type
export type GroupSeen = typeof GroupSeen.Type

/** What a node tells of a group; undefined where it does not hold it. */
export const copyIn = ({ groups }: NodeSeen, group: string) => groups.find((copy) => copy.group === group)

const decodeNode = Schema.decodeUnknownExit(Schema.fromJsonString(NodeSeen))
const nothing = new Uint8Array(0)
const askTimeoutMs = 500
const lookEveryMs = 10

const nodeIn = (payload: Uint8Array): NodeSeen | undefined => {
  const exit = decodeNode(new TextDecoder().decode(payload))
  return exit._tag === "Success" ? exit.value : undefined
}

/** Names in a sentence, at most so many. */
const namesMax = 8

/** Names of groups, as a sentence says them. */
const groupNames = (groups: Iterable<string>): string => {
  const names = [...groups].sort()
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : ""
  return `${names.slice(0, namesMax).join(", ")}${more}`
}

/** What the nodes that answered tell of a group: for the sentence of whoever asks it in vain. */
export class Surroundings {
  readonly #group: string
  /** Those that there are, as long as this one is none of them. */
  readonly #others = new Set<string>()
  #isHeld = false
  #answers = 0
  #machine: string | undefined

  constructor(group: string) {
    this.#group = group
  }

  take(node: NodeSeen): void {
    this.#answers++
    const copy = copyIn(node, this.#group)
    this.#isHeld ||= copy !== undefined
    this.#machine ??= copy?.machine
    // A client of a cluster with a thousand groups is not to keep their names for as long as it lives.
    if (this.#isHeld) this.#others.clear()
    else for (const { group } of node.groups) this.#others.add(group)
  }

  /** Why nobody takes what is for the group; undefined where a node that answered holds it. */
  get absence(): string | undefined {
    if (this.#answers === 0) return "no node of the cluster answered"
    if (this.#isHeld) return undefined
    const there = this.#others.size === 0 ? "they hold none" : `they hold ${groupNames(this.#others)}`
    return `no node that answered holds the group ${JSON.stringify(this.#group)}; ${there}`
  }

  /** Why a command, or a question, means nothing to the group: most often it is meant for another machine. */
  unreadable(what: string): string {
    const likely =
      this.#machine === undefined
        ? "the group may replicate another machine, or another version of it"
        : `the group replicates the machine ${JSON.stringify(this.#machine)}, as its nodes have it`
    return `the state machine cannot read the ${what}: ${likely}`
  }
}

/**
 * The leader of a group according to the nodes: that of the highest ballot that any of those knows who answer
 * within `graceMs` after the first one. A node that has no part in the group, or that was left behind, must
 * not have the last word, however near it is. Undefined where nobody knows. All that answer are `seen`.
 */
export const findLeader = (
  bus: BusShape,
  subjects: Subjects,
  group: GroupId,
  graceMs: number,
  seen = new Surroundings(group)
): Effect.Effect<NodeId | undefined> =>
  Effect.gen(function* () {
    const answered = yield* Deferred.make<void>()
    let best: { readonly ballot: number; readonly leader: string } | undefined
    const inbox = yield* bus.newInbox
    yield* bus.subscribe(inbox, {
      onMessage: (payload) => {
        const node = nodeIn(payload)
        if (node === undefined) return
        seen.take(node)
        const told = copyIn(node, group)?.configuration
        if (told === undefined) return
        if (best === undefined || told.ballot > best.ballot) best = told
        Deferred.doneUnsafe(answered, Effect.void)
      },
      onNoResponders: () => Deferred.doneUnsafe(answered, Effect.void)
    })
    bus.publish(subjects.status, nothing, inbox)
    yield* Effect.timeoutOption(Deferred.await(answered), askTimeoutMs)
    if (best !== undefined) yield* Effect.sleep(graceMs)
    return best?.leader as NodeId | undefined
  }).pipe(
    Effect.scoped,
    Effect.catch(() => Effect.succeed(undefined))
  )

/**
 * The nodes that hold the group, nearest first: in the order in which they answer within `graceMs`. All that
 * answer are `seen`.
 */
export const findReplicas = (
  bus: BusShape,
  subjects: Subjects,
  group: GroupId,
  graceMs: number,
  seen = new Surroundings(group)
): Effect.Effect<ReadonlyArray<NodeId>> =>
  Effect.gen(function* () {
    const answered = yield* Deferred.make<void>()
    const found: Array<NodeId> = []
    const inbox = yield* bus.newInbox
    yield* bus.subscribe(inbox, {
      onMessage: (payload) => {
        const node = nodeIn(payload)
        if (node === undefined) return
        seen.take(node)
        if (copyIn(node, group) === undefined) return
        found.push(node.id as NodeId)
        Deferred.doneUnsafe(answered, Effect.void)
      },
      onNoResponders: () => Deferred.doneUnsafe(answered, Effect.void)
    })
    bus.publish(subjects.status, nothing, inbox)
    yield* Effect.timeoutOption(Deferred.await(answered), askTimeoutMs)
    if (found.length > 0) yield* Effect.sleep(graceMs)
    return [...found]
  }).pipe(
    Effect.scoped,
    Effect.catch(() => Effect.succeed([]))
  )

/**
 * What every node answers within `waitMs`, by name; sooner where `isComplete` says that nobody is missing. It
 * looks every few milliseconds.
 */
export const surveyNodes = Effect.fnUntraced(function* (
  bus: BusShape,
  subjects: Subjects,
  waitMs: number,
  isComplete: (seen: ReadonlyMap<string, NodeSeen>) => boolean = () => false
) {
  const seen = new Map<string, NodeSeen>()
  const inbox = yield* bus.newInbox
  yield* bus.subscribe(inbox, {
    onMessage: (payload) => {
      const node = nodeIn(payload)
      if (node !== undefined) seen.set(node.id, node)
    }
  })
  bus.publish(subjects.status, nothing, inbox)
  for (let waitedMs = 0; waitedMs < waitMs && !isComplete(seen); waitedMs += lookEveryMs) {
    yield* Effect.sleep(Math.min(lookEveryMs, waitMs - waitedMs))
  }
  return [...seen.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}, Effect.scoped)
