/**
 * Snapshots from node to node, piece by piece: whoever needs one asks for the next piece when it has the
 * last, so that no more is on its way than it can take.
 */
import { Data, Effect } from "effect"
import { type GroupId, type NodeId, noSlot, type Replica, type Slot } from "../../protocol/ids.ts"
import type { ReplicaState } from "../../protocol/learner/replica.ts"
import { RestoredReplica } from "../../protocol/learner/snapshot.ts"
import { spawnEach } from "../../runtime/actor-spawn.ts"
import { hint, knob } from "../../runtime/buggify.ts"
import { anotherBus, type BusShape } from "../../runtime/bus/port.ts"
import { checksum } from "../../runtime/checksum.ts"
import { unpack } from "../../runtime/codec.ts"
import { BlockReader } from "../../runtime/storage/blocks.ts"
import type { AppendPart } from "../../runtime/storage/port.ts"
import { crash } from "../../runtime/supervisor.ts"
import { keptOnceMade } from "../../runtime/wholly.ts"
import type { AskSnapshot, SnapshotPart } from "../../wire/snapshot-codec.ts"
import { count, type NodeContext } from "../node/context.ts"
import { checkHead, type SnapshotStore, type StoredSnapshot } from "./store.ts"

/** A snapshot did not come whole. Nothing of it was taken; another attempt begins anew. */
class TransferFailed extends Data.TaggedError("TransferFailed")<{
  readonly from: string
  readonly reason: string
}> {
  override get message(): string {
    return `no whole snapshot came from ${this.from}: ${this.reason}`
  }
}

/**
 * Pieces are small beside what the bus takes, so that what else is said does not wait behind one for long.
 */
const pieceBytes = knob("snapshot-piece-bytes", 256 * 1024, { min: 64, max: 4096 })
/** Room in a message for what is not the piece. */
const envelopeBytes = 16 * 1024
const askTimeoutMs = 1000
const attemptsMax = 10
const waitingMax = 16

interface Question {
  readonly from: Replica
  readonly group: GroupId
  readonly ask: AskSnapshot
  readonly replyTo: string
}

const none: SnapshotPart = {
  _tag: "SnapshotPart",
  slot: noSlot,
  sizeBytes: 0,
  offset: 0,
  checksum: 0,
  bytes: new Uint8Array(0)
}

const answerTo = Effect.fnUntraced(function* (store: SnapshotStore, ask: AskSnapshot, roomBytes: number) {
  const snapshot = store.held.find(({ head }) => head.slot === ask.slot)
  const { newest } = store
  const chosen = ask.slot === noSlot ? newest : snapshot
  if (chosen === undefined) return newest === undefined ? none : { ...none, slot: newest.head.slot }
  const { sizeBytes, head } = chosen
  const bytes = yield* store.read(chosen, ask.offset, Math.min(ask.maxBytes, roomBytes))
  const part: SnapshotPart = {
    ...none,
    slot: head.slot,
    sizeBytes,
    offset: ask.offset,
    checksum: checksum(bytes),
    bytes
  }
  return part
})

/** What a group has to hand out, and who hears that somebody pulls it. */
export interface SnapshotSource {
  readonly store: SnapshotStore
  readonly onLagging: (from: Replica, through: Slot) => void
}

/**
 * Answers whoever asks this node for pieces of its snapshots, one after the other, over a connection of their
 * own where the bus has one: what is large must not stand before what is urgent.
 */
export const serveSnapshots = Effect.fnUntraced(function* (
  context: NodeContext,
  groups: ReadonlyMap<GroupId, SnapshotSource>
) {
  const { bus, subjects, self, codec, counters } = context
  const roomBytes = bus.maxPayloadBytes - envelopeBytes
  // A server may be away for a moment.
  const aside = yield* keptOnceMade(anotherBus(bus))
  const actor = yield* spawnEach<Question>({
    name: `${self.node}/snapshots`,
    mailbox: { capacity: waitingMax },
    supervision: crash,
    receive: ({ from, group, ask, replyTo }) => {
      const source = groups.get(group)
      if (source === undefined) return count(counters, "unknown group")
      return Effect.gen(function* () {
        const part = yield* answerTo(source.store, ask, roomBytes)
        if (part.sizeBytes > 0) source.onLagging(from, part.slot)
        const over = yield* aside
        over.publish(replyTo, codec.encode(self, group, part))
      }).pipe(
        Effect.catch((failure) => Effect.sync(() => count(counters, `snapshot not served: ${failure._tag}`)))
      )
    }
  })
  yield* context.listen(subjects.snapshot(self.node), ({ body, group, from }, replyTo) => {
    if (body._tag !== "AskSnapshot" || replyTo === undefined) return count(counters, "not for snapshots")
    if (!actor.offerUnsafe({ from, group, ask: body, replyTo })) count(counters, "too many want snapshots")
  })
  return actor
})

export interface PullOptions {
  readonly context: NodeContext
  readonly group: GroupId
  readonly store: SnapshotStore
}

/** A snapshot that has come: on the disk, durable, and the replica that it makes. */
export interface Pulled {
  readonly stored: StoredSnapshot
  readonly replica: ReplicaState
}

/** Asks for one piece until it comes, as it was sent. */
const askPiece = Effect.fnUntraced(function* (
  { context, group }: PullOptions,
  bus: BusShape,
  node: NodeId,
  slot: Slot,
  offset: number
) {
  const { codec, self, subjects } = context
  const ask = codec.encode(self, group, { _tag: "AskSnapshot", slot, offset, maxBytes: pieceBytes.value })
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const answer = yield* Effect.option(bus.request(subjects.snapshot(node), ask, askTimeoutMs))
    const packet = answer._tag === "None" ? undefined : codec.decode(answer.value)
    const body = typeof packet === "object" && packet.group === group ? packet.body : undefined
    if (body?._tag === "SnapshotPart" && body.checksum === checksum(body.bytes)) return body
    yield* Effect.sleep(attempt * 20)
  }
  return yield* new TransferFailed({
    from: node,
    reason: `no answer to ${attemptsMax} questions for a piece`
  })
})

/** Checks and keeps what comes, piece by piece. */
const fill = Effect.fnUntraced(function* (
  options: PullOptions,
  bus: BusShape,
  node: NodeId,
  first: SnapshotPart,
  restored: RestoredReplica,
  append: AppendPart
) {
  const { group, store } = options
  const { slot, sizeBytes } = first
  const broken = (reason: string) => new TransferFailed({ from: node, reason })
  const blocks = new BlockReader((content) => restored.add(unpack(content)))
  for (let part = first, offset = 0; ; ) {
    if (part.slot !== slot || part.sizeBytes !== sizeBytes || part.offset !== offset)
      return yield* broken(`the snapshot at slot ${slot} is no longer there`)
    if (part.bytes.length === 0) return yield* broken("a piece is empty")
    const problem = blocks.push(new Uint8Array(part.bytes))
    const refused = restored.head && checkHead(restored.head, `of ${node}`, group, store.machine)
    if (refused !== undefined) return yield* refused
    if (problem !== undefined) return yield* broken(problem)
    yield* append(part.bytes)
    hint("a piece of a snapshot has come")
    offset += part.bytes.length
    if (offset >= sizeBytes) break
    part = yield* askPiece(options, bus, node, slot, offset)
  }
  const { head, replica } = restored
  if (!blocks.ended || head === undefined || replica === undefined) return yield* broken("it is not whole")
  return { head, sizeBytes }
})

/**
 * Pulls the newest snapshot of a node, if it is of a slot from `fromSlot` on: into this node's directory,
 * checked piece by piece and as a whole. Undefined where the node has none such. Fails with `TransferFailed`
 * where it does not come whole, `SnapshotRefused` where it is of another machine, `DiskFailed` where it finds
 * no room here.
 */
export const pullSnapshot = Effect.fnUntraced(function* (options: PullOptions, node: NodeId, fromSlot: Slot) {
  const { context, store } = options
  const bus = yield* anotherBus(context.bus)
  const first = yield* askPiece(options, bus, node, noSlot, 0)
  if (first.slot < fromSlot || first.sizeBytes === 0) return undefined
  const restored = new RestoredReplica(store.machine)
  const stored = yield* store.receive(first.slot, (append) =>
    fill(options, bus, node, first, restored, append)
  )
  const pulled: Pulled = { stored, replica: restored.replica! }
  return pulled
}, Effect.scoped)
