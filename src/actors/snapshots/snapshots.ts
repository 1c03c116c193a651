/**
 * Makes snapshots of a group while its commands go on, cuts the log behind them, and removes the old ones.
 */
import { Effect, Queue } from "effect"
import { type NodeId, noSlot, type Slot } from "../../protocol/ids.ts"
import type { ReplicaState } from "../../protocol/learner/replica.ts"
import { type FrozenReplica, freezeReplica } from "../../protocol/learner/snapshot.ts"
import type { Base } from "../../protocol/log/view.ts"
import { hint } from "../../runtime/buggify.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { DiskFailed } from "../../runtime/storage/port.ts"
import { untilSynced } from "../../runtime/storage/until-synced.ts"
import { makeLaggards } from "../catch-up/laggards.ts"
import type { GroupLog } from "../log/group-log.ts"
import { endingNode, type RoleCrashed } from "../node/end-node.ts"
import type { SnapshotStore } from "./store.ts"

export interface SnapshotOptions {
  /** Of what writes them, where that must be named. */
  readonly name: string
  readonly log: GroupLog
  readonly store: SnapshotStore
  /** A snapshot is due when the log has grown by so much, and by twice what the last one takes. */
  readonly everyBytes: number
  /** Frees what is needed no more once the log was cut. Never fails: it tells by itself. */
  readonly compact: Effect.Effect<void>
  /** The writer threw: without it the log would grow for ever. */
  readonly onFailure: (failure: RoleCrashed) => void
}

/** What a node tells of the snapshots of a group. */
export interface SnapshotStatus {
  /** The newest durable one; 0 where there is none. */
  readonly slot: number
  readonly sizeBytes: number
  /** Why the last attempt failed. The node goes on, and tries again. */
  readonly problem?: string
}

export interface Snapshots {
  /**
   * To be called by the learner between two runs, whenever it has applied some. Takes no time if none is due.
   */
  readonly consider: (replica: ReplicaState) => void
  /** The next call of `consider` makes one, and the log is cut through all of it: others need the room. */
  readonly demand: () => void
  /**
   * A node has everything through a slot, or pulls the snapshot of it, and is going to ask for what comes
   * next: for a while the log is not cut beyond it.
   */
  readonly lags: (node: NodeId, through: Slot) => void
  readonly status: () => SnapshotStatus
  /** A snapshot from elsewhere is under the log: what it makes superfluous goes. */
  readonly installed: Effect.Effect<void, DiskFailed | WalFailure>
}

const retryAfterMs = 5000

/**
 * What is to be written; undefined where the newest snapshot does. `demanded`: cut the log through all of it.
 */
interface Request {
  readonly frozen: FrozenReplica | undefined
  readonly demanded: boolean
}

/**
 * Bytes of log that are worth the writing of a snapshot: what it takes itself is written at most half as
 * often.
 */
const growthFor = (everyBytes: number, sizeBytes: number): number => Math.max(everyBytes, 2 * sizeBytes)

const statusOf = ({ newest }: SnapshotStore, problem: string | undefined): SnapshotStatus => {
  const told = { slot: newest?.head.slot ?? 0, sizeBytes: newest?.sizeBytes ?? 0 }
  return problem === undefined ? told : { ...told, problem }
}

/**
 * The snapshot behind which the log is kept: the one before the newest, for should that one be damaged, this
 * one and the log do as well; and none that is ahead of whoever catches up.
 */
const keptBehind = (store: SnapshotStore, demanded: boolean, least: Slot | undefined) =>
  store.held
    .slice(0, store.held.length - (demanded ? 0 : 1))
    .findLast(({ head }) => least === undefined || head.slot <= least)

/** Until the log on the disk begins behind a snapshot, too, a restart goes on from those before it. */
const removedBehind = (log: GroupLog, store: SnapshotStore) => {
  const durable = untilSynced((done) => log.sync(done))
  const removed = Effect.suspend(() => store.removeBefore(log.base.slot))
  return Effect.andThen(durable, removed)
}

const problemOf = ({ group }: SnapshotStore, failure: DiskFailed): string => {
  const why = failure.full ? "the disk is full" : failure.reason
  return `no snapshot of group ${group} could be made, and its log grows: ${why}`
}

/** Starts making snapshots in the scope. */
export const makeSnapshots = Effect.fnUntraced(function* (options: SnapshotOptions) {
  const { log, store, everyBytes, compact } = options
  const requests = yield* Queue.unbounded<Request>()
  const grown = () => log.bytes - log.bytesBehind(store.newest?.head.slot ?? log.base.slot)
  let dueAt = grown() + growthFor(everyBytes, store.newest?.sizeBytes ?? 0)
  let isWriting = false
  let isDemanded = false
  let problem: string | undefined
  const laggards = yield* makeLaggards(log, () => growthFor(everyBytes, store.newest?.sizeBytes ?? 0))

  const cutThrough = Effect.fnUntraced(function* (base: Base) {
    hint("snapshot durable, before the cut")
    log.cut({ slot: base.slot, ballot: base.ballot, atMs: base.atMs })
    yield* store.removeBefore(base.slot)
    yield* compact
    hint("after the cut")
  })

  const make = Effect.fnUntraced(function* ({ frozen, demanded }: Request) {
    if (frozen !== undefined) {
      const { head, sizeBytes } = yield* store.write(frozen)
      dueAt = log.bytes - log.bytesBehind(head.slot) + growthFor(everyBytes, sizeBytes)
    }
    problem = undefined
    const kept = keptBehind(store, demanded, laggards.least())
    // Where nothing was written and nothing can be cut, nothing gets free: compaction would only demand a
    // snapshot once more, at once, and again.
    const isDone = frozen === undefined && (kept?.head.slot ?? noSlot) <= log.base.slot
    if (kept !== undefined && !isDone) yield* cutThrough(kept.head)
  })

  const failed = (failure: DiskFailed) =>
    Effect.suspend(() => {
      problem = problemOf(store, failure)
      return Effect.andThen(Effect.logWarning(problem), Effect.sleep(retryAfterMs))
    })

  const writer = Effect.gen(function* () {
    for (;;) {
      const request = yield* Queue.take(requests)
      yield* make(request).pipe(Effect.catchTag("DiskFailed", failed))
      isWriting = false
    }
  })
  yield* Effect.forkScoped(endingNode(options.onFailure, options.name, writer))

  const snapshots: Snapshots = {
    consider: (replica) => {
      const isDue = log.bytes >= dueAt || isDemanded
      const isNew = replica.applied > (store.newest?.head.slot ?? noSlot)
      if (isWriting || !isDue || (!isNew && !isDemanded)) return
      const ballot = log.ballotAt(replica.applied)
      if (ballot === undefined) return
      isWriting = true
      const frozen = isNew ? freezeReplica(store.group, store.machine, replica, ballot) : undefined
      Queue.offerUnsafe(requests, { frozen, demanded: isDemanded })
      isDemanded = false
    },
    installed: Effect.suspend(() => {
      dueAt = log.bytes + growthFor(everyBytes, store.newest?.sizeBytes ?? 0)
      return Effect.andThen(removedBehind(log, store), compact)
    }),
    demand: () => {
      isDemanded = true
    },
    lags: laggards.note,
    status: () => statusOf(store, problem)
  }
  return snapshots
})
