/** How far each acceptor has come in the leader's ballot, and what to send it next (figure 4, phase 2). */
import type { Configuration } from "../configuration.ts"
import { type NodeId, noSlot, type Replica, Slot, slotMax, slotMin, slotPlus } from "../ids.ts"
import { invariant } from "../invariant.ts"
import { runsLast } from "../log/run.ts"
import type { LogView } from "../log/view.ts"
import type { Accept, Accepted, Gap } from "../messages.ts"
import { acknowledgedByAll } from "../quorum.ts"

/** One acceptor as its leader sees it. */
export interface Progress {
  /** Synced there, in this ballot, through this slot. Never decreases. */
  readonly acknowledged: Slot
  /** The newest round that it has answered. */
  readonly confirmed: number
  /** What it is to get next. */
  readonly next: Slot
  /**
   * Behind: it gets the log in chunks, the next one when the last is acknowledged; not the batches as they
   * come.
   */
  readonly behind: boolean
  /** It acknowledged something since the last look of the retransmission timer. */
  readonly moved: boolean
  /** It answers no Prepare of others before, by this leader's clock; 0: it has promised nothing. */
  readonly leaseUntilMs: number
}

export type ProgressOf = ReadonlyMap<NodeId, Progress>

/** What carrying and serving share: a ballot, its log, and how far everyone is. */
export interface Replication {
  readonly configuration: Configuration
  readonly progress: ProgressOf
  readonly round: number
  /** The lease that it asks for. */
  readonly leaseMs: number
  /** End of this leader's log: bound or proposed by it. */
  readonly last: Slot
  readonly chosen: Slot
}

export const freshProgress = (configuration: Configuration, next: Slot): ProgressOf =>
  new Map(
    configuration.acceptors.map((acceptor) => [
      acceptor.node,
      { acknowledged: noSlot, confirmed: 0, next, behind: false, moved: false, leaseUntilMs: 0 }
    ])
  )

export const withProgress = (progress: ProgressOf, node: NodeId, change: Partial<Progress>): ProgressOf => {
  const before = progress.get(node)
  return before === undefined ? progress : new Map(progress).set(node, { ...before, ...change })
}

export const leastAcknowledged = (replication: Replication): Slot =>
  acknowledgedByAll(replication.configuration, (node) => replication.progress.get(node)?.acknowledged)

/** The newest round that every acceptor has answered. */
export const leastConfirmed = (replication: Replication): number => {
  let least = Number.MAX_SAFE_INTEGER
  for (const progress of replication.progress.values()) least = Math.min(least, progress.confirmed)
  return least
}

/**
 * The next chunk of the log for an acceptor; without runs where it has everything. It begins at the base
 * where the log no longer reaches further back: who lacks more than that pulls a snapshot by itself (section
 * 7).
 */
export const chunkFor = (replication: Replication, log: LogView, next: Slot, maxBytes: number): Accept => {
  const { configuration, last, chosen, round, leaseMs } = replication
  invariant(
    log.promised === configuration.ballot,
    "a leader reads its log only while its own acceptor promised its ballot"
  )
  // Others may have acknowledged what its own acceptor has not taken in yet: nobody gets what cannot be read
  // here.
  const end = slotMin(last, log.last)
  const prevSlot = slotMax(slotMin(slotPlus(next, -1), end), log.base.slot)
  const runs = prevSlot < end ? log.read(slotPlus(prevSlot, 1), end, maxBytes) : []
  return {
    _tag: "Accept",
    configuration,
    prevSlot,
    prevSlotBallot: log.ballotAt(prevSlot)!,
    runs,
    chosen,
    round,
    leaseMs
  }
}

/**
 * Records an acknowledgement, and the lease until `leaseUntilMs` that came with it. One of another ballot, or
 * of a stranger, is none.
 */
export const acknowledge = (
  replication: Replication,
  from: Replica,
  message: Accepted,
  leaseUntilMs = 0
): ProgressOf => {
  const before = replication.progress.get(from.node)
  if (before === undefined || message.ballot !== replication.configuration.ballot) return replication.progress
  const { lastSlot, round } = message
  return withProgress(replication.progress, from.node, {
    acknowledged: slotMax(before.acknowledged, lastSlot),
    confirmed: Math.max(before.confirmed, round),
    next: slotMax(before.next, slotPlus(lastSlot, 1)),
    moved: before.moved || lastSlot > before.acknowledged || before.confirmed === 0,
    leaseUntilMs: Math.max(before.leaseUntilMs, leaseUntilMs)
  })
}

/**
 * Steps back to where the logs may agree: at the hint, at an entry of its ballot or an older one. Never below
 * what was acknowledged, so an old Gap that arrives late is harmless.
 */
export const stepBack = (replication: Replication, log: LogView, from: Replica, message: Gap): ProgressOf => {
  const before = replication.progress.get(from.node)
  if (before === undefined || message.ballot !== replication.configuration.ballot) return replication.progress
  if (message.round < before.confirmed) return replication.progress
  const agreed = log.lastSlotOfBallot(message.hintBallot, slotMin(message.hintSlot, replication.last))
  return withProgress(replication.progress, from.node, {
    next: slotPlus(slotMax(slotMax(agreed, before.acknowledged), log.base.slot), 1),
    behind: true
  })
}

/**
 * Whether a Gap tells of an acceptor that lacks what this log no longer holds: nothing sent now can help it.
 * The retransmission timer tries again, when it may have a snapshot.
 */
export const lacksBase = (replication: Replication, log: LogView, message: Gap): boolean =>
  log.lastSlotOfBallot(message.hintBallot, slotMin(message.hintSlot, replication.last)) < log.base.slot

/** The progress of an acceptor once `accept` was sent to it alone. */
export const sentTo = (progress: ProgressOf, node: NodeId, accept: Accept, last: Slot): ProgressOf => {
  const end = runsLast(accept.runs, accept.prevSlot)
  return withProgress(progress, node, { next: slotPlus(end, 1), behind: end < last })
}

/** A round number above all before: `Slot` of nothing, just a counter of sendings. */
export const nextRound = <R extends Replication>(replication: R): R => ({
  ...replication,
  round: replication.round + 1
})

/**
 * An Accept without runs at the chosen watermark, where every acceptor agrees: heartbeat and confirmation of
 * reads.
 */
export const emptyAccept = (replication: Replication, log: LogView): Accept => {
  const { configuration, chosen, round, leaseMs } = replication
  const prevSlot = Slot(chosen)
  return {
    _tag: "Accept",
    configuration,
    prevSlot,
    prevSlotBallot: log.ballotAt(prevSlot)!,
    runs: [],
    chosen,
    round,
    leaseMs
  }
}

/**
 * The same ballot with the acceptors of this generation: the progress of who was taken out counts no more.
 */
export const inConfiguration = <R extends Replication>(replication: R, configuration: Configuration): R => {
  const { progress } = replication
  const kept = configuration.acceptors.map(
    (acceptor) => [acceptor.node, progress.get(acceptor.node)!] as const
  )
  return { ...replication, configuration, progress: new Map(kept) }
}
