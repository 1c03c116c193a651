/**
 * The acceptor: promises and votes (figure 3 of the paper, process Acceptor, extended from one vote to a
 * log).
 */
import { type Configuration, isAcceptorOf } from "../configuration.ts"
import { type Ballot, type Replica, type Slot, sameReplica, slotMax, slotMin, slotPlus } from "../ids.ts"
import { type Run, runLast, runsLast, sliceRun } from "../log/run.ts"
import type { LogView } from "../log/view.ts"
import type { Accept, Accepted, FromAcceptor, Prepare, Synced, ToAcceptor } from "../messages.ts"
import { type DurableRecord, type Free, ignored, type Output, type Step, stay } from "../step.ts"
import { type Grants, grantedMs, mustWait, withGrant, withRelease } from "./lease.ts"
import { canWait, lookAtDebt, noDebt, type Owing, owed, paid } from "./owing.ts"

/** What an acceptor knows beside its log. All of it but `configuration` and most of `grants` is durable. */
export interface AcceptorState {
  readonly self: Replica
  /** The paper's maxBallot: never decreases. */
  readonly promised: Ballot
  /** Slots up to here are chosen. May lag behind the truth, is never ahead of it. */
  readonly chosen: Slot
  /** Of the ballot promised, once it was heard: one ballot has one leader and one set of acceptors. */
  readonly configuration: Configuration | undefined
  /** Whose lease runs here, and who waits for its end. */
  readonly grants: Grants
  /** What it has not acknowledged to its leader yet, though it could; undefined: no client was ever told. */
  readonly owing?: Owing | undefined
}

/** How much of a log one Prepared carries: fits the bus with room for its envelope. */
const preparedChunkBytes = 256 * 1024

/**
 * One step of the acceptor. `log` is its own log as it stands, with everything persisted so far, synced or
 * not; what this step answers leaves only when all of that is durable. `nowMs` is this node's monotonic
 * clock, read when the message was here already.
 */
export const acceptorStep = (
  state: AcceptorState,
  log: LogView,
  from: Replica,
  message: ToAcceptor,
  nowMs: number
): Step<AcceptorState> => {
  if (message._tag === "Release") {
    const grants = withRelease(state.grants, from, message.ballot)
    return leaseWaited({ ...state, grants }, log, nowMs)
  }
  const { configuration } = message
  // Negative space first, and answered: a leader that is behind must learn it (figure 3 ignores, which leaves
  // it waiting).
  if (configuration.ballot < state.promised) {
    return stay(state, reply(from, { _tag: "Nack", ballot: configuration.ballot, promised: state.promised }))
  }
  if (!sameReplica(from, configuration.leader))
    return stay(state, ignored("not from the leader of its ballot"))
  const known = state.configuration
  if (
    known !== undefined &&
    known.ballot === configuration.ballot &&
    !sameReplica(known.leader, configuration.leader)
  ) {
    return stay(state, ignored("a second leader for one ballot"))
  }
  switch (message._tag) {
    case "Prepare":
      return promisedOrKept(state, log, from, message, nowMs)
    case "Accept":
      return accept(state, log, message, nowMs)
  }
}

/**
 * While another leader's lease runs a Prepare is kept: neither answered nor promised, or that leader would be
 * nacked. Of several the one of the highest ballot stays, for only that one can still be activated.
 */
const promisedOrKept = (
  state: AcceptorState,
  log: LogView,
  from: Replica,
  message: Prepare,
  nowMs: number
): Step<AcceptorState> => {
  const { grants } = state
  const { ballot, leader } = message.configuration
  // What was promised before was promised when that lease had ended.
  if (ballot === state.promised || !mustWait(grants, leader, nowMs)) return prepare(state, log, message)
  if (grants.kept !== undefined && grants.kept.message.configuration.ballot > ballot) return stay(state)
  return stay({ ...state, grants: { ...grants, kept: { from, message } } }, waitUntil(grants.untilMs, nowMs))
}

/** A timer may be early by what a clock rounds away: it is not to be set again for nothing. */
const waitUntil = (untilMs: number, nowMs: number): Output => ({
  _tag: "SetTimer",
  timer: "lease-wait",
  afterMs: Math.max(1, Math.ceil(untilMs - nowMs))
})

/** Answers the Prepare that was kept, if the lease that it waited for has ended. */
export const leaseWaited = (before: AcceptorState, log: LogView, nowMs: number): Step<AcceptorState> => {
  const { kept, untilMs } = before.grants
  if (kept === undefined) return stay(before)
  if (nowMs < untilMs) return stay(before, waitUntil(untilMs, nowMs))
  const state = { ...before, grants: { ...before.grants, kept: undefined } }
  return acceptorStep(state, log, kept.from, kept.message, nowMs)
}

const reply = (to: Replica, message: FromAcceptor): Free => ({ _tag: "Send", to: [to.node], message })

/**
 * Raises `promised` where the ballot is new; the record must be durable before the answer leaves (section 3).
 */
const promise = (
  state: AcceptorState,
  configuration: Configuration
): {
  readonly state: AcceptorState
  readonly records: Array<DurableRecord>
  readonly notes: Array<Output>
} => {
  const next = { ...state, promised: configuration.ballot, configuration }
  if (configuration.ballot === state.promised) return { state: next, records: [], notes: [] }
  return {
    state: next,
    records: [{ _tag: "Promised", ballot: configuration.ballot }],
    notes: [{ _tag: "Note", note: { _tag: "PromisedNote", ballot: configuration.ballot } }]
  }
}

const prepare = (state: AcceptorState, log: LogView, message: Prepare): Step<AcceptorState> => {
  const { configuration, prev, fromSlot } = message
  // Only an acceptor of the previous configuration is a read quorum of it: a replica with a new disk forgot
  // its votes.
  if (!isAcceptorOf(prev, state.self))
    return stay(state, ignored("asked for a promise, but no acceptor of the previous ballot"))
  const promised = promise(state, configuration)
  // What was cut off cannot be told; who needs it pulls a snapshot (section 7).
  const first = slotMax(slotMin(fromSlot, slotPlus(log.last, 1)), log.first)
  const prevSlot = slotPlus(first, -1)
  const prepared: FromAcceptor = {
    _tag: "Prepared",
    ballot: configuration.ballot,
    lastSlot: log.last,
    prevSlot,
    prevSlotBallot: log.ballotAt(prevSlot)!,
    runs: first > log.last ? [] : log.read(first, log.last, preparedChunkBytes),
    chosen: state.chosen
  }
  return {
    state: promised.state,
    outputs: [
      ...promised.notes,
      { _tag: "Persist", records: promised.records, release: [reply(configuration.leader, prepared)] }
    ]
  }
}

const accept = (before: AcceptorState, log: LogView, message: Accept, nowMs: number): Step<AcceptorState> => {
  const { configuration, prevSlot, prevSlotBallot, runs, round } = message
  if (!isAcceptorOf(configuration, before.self)) return stay(before, ignored("no acceptor of this ballot"))
  const { state, records, notes } = promise(before, configuration)
  const differs = (): Step<AcceptorState> => {
    const release = [reply(configuration.leader, gap(log, message))]
    return { state, outputs: [...notes, { _tag: "Persist", records, release }] }
  }
  // Below its base an acceptor cannot compare; the base is chosen, so whoever leads can go on from there.
  if (prevSlot < log.base.slot) return differs()
  if (prevSlot > log.last || log.ballotAt(prevSlot) !== prevSlotBallot) {
    return differs()
  }
  for (const run of newRuns(log, runs)) records.push({ _tag: "Appended", run })
  // Cumulative, and only up to the end of what this message covered: beyond it may lie an older ballot's
  // suffix.
  const lastSlot = runsLast(runs, prevSlot)
  const chosen = slotMax(state.chosen, slotMin(message.chosen, lastSlot))
  const advanced = chosen > state.chosen
  if (advanced && records.length > 0) records.push({ _tag: "Chosen", slot: chosen })
  const { ballot, leader } = configuration
  const granted = grantedMs(state.grants, ballot, message.leaseMs)
  const grants = granted > 0 ? withGrant(state.grants, ballot, leader, granted, nowMs) : state.grants
  // On disk before the grant leaves: after a restart it is all that is known of it.
  const { notedMs } = grants
  if (notedMs !== state.grants.notedMs) records.push({ _tag: "LeaseNoted", durationMs: notedMs })
  const accepted: Accepted = { _tag: "Accepted", ballot, lastSlot, round, grantedMs: granted }
  // The leader applies by its own count of acknowledgements and answers the clients; the others learn it
  // here.
  const follows = !sameReplica(configuration.leader, state.self)
  const acknowledged = follows ? acknowledging(state.owing, message, accepted, nowMs) : undefined
  const release = acknowledged?.release ?? [reply(configuration.leader, accepted)]
  const outputs: Array<Output> = [...notes, { _tag: "Persist", records, release }]
  if (acknowledged !== undefined) outputs.push(...acknowledged.timers)
  if (advanced && follows) outputs.push({ _tag: "Apply", through: chosen, answer: false })
  return { state: { ...state, chosen, grants, owing: acknowledged?.owing }, outputs }
}

/** To the client that the Accept names, and to the leader; to that one later, if it can wait. */
const acknowledging = (
  before: Owing | undefined,
  message: Accept,
  accepted: Accepted,
  nowMs: number
): { owing: Owing | undefined; timers: ReadonlyArray<Output>; release: ReadonlyArray<Free> } => {
  const { configuration, tells } = message
  const toLeader = reply(configuration.leader, accepted)
  if (tells === undefined)
    return { owing: before && paid(before, accepted, nowMs), timers: [], release: [toLeader] }
  const owing = before ?? noDebt
  const synced: Synced = { _tag: "Synced", ballot: accepted.ballot, slot: accepted.lastSlot }
  const toClient: Free = { _tag: "TellClient", client: tells, message: synced }
  if (!canWait(owing, message, accepted, nowMs))
    return { owing: paid(owing, accepted, nowMs), timers: [], release: [toClient, toLeader] }
  const later = owed(owing, configuration.leader, accepted, nowMs)
  return { owing: later.owing, timers: later.outputs, release: [toClient] }
}

/** The timer of what it owes its leader went off. Nothing is owed to one that it has turned away from. */
export const debtDue = (state: AcceptorState, nowMs: number): Step<AcceptorState> => {
  const { owing, outputs } = lookAtDebt(state.owing ?? noDebt, state.promised, nowMs)
  return { state: { ...state, owing }, outputs }
}

/**
 * Where the leader may try next: below `prevSlot`, at an entry of its ballot or an older one; not below the
 * base.
 */
const gap = (log: LogView, message: Accept): FromAcceptor => {
  const below = slotPlus(slotMin(message.prevSlot, slotPlus(log.last, 1)), -1)
  const hintSlot = slotMax(log.lastSlotOfBallot(message.prevSlotBallot, below), log.base.slot)
  return {
    _tag: "Gap",
    ballot: message.configuration.ballot,
    hintSlot,
    hintBallot: log.ballotAt(hintSlot)!,
    round: message.round
  }
}

/**
 * The part of `runs` that the log does not hold yet. Equal slot and ballot means equal prefix, so what agrees
 * is skipped, and from the first entry that differs on everything is replaced. A duplicate, late or early,
 * changes nothing.
 */
export const newRuns = (log: LogView, runs: ReadonlyArray<Run>): ReadonlyArray<Run> => {
  for (const [index, run] of runs.entries()) {
    const from = firstDifference(log, run)
    if (from === undefined) continue
    const rest = sliceRun(run, from, runLast(run))
    return rest === undefined ? runs.slice(index + 1) : [rest, ...runs.slice(index + 1)]
  }
  return []
}

const firstDifference = (log: LogView, run: Run): Slot | undefined => {
  if (log.ballotAt(run.first) !== run.ballot) return run.first
  const agrees = log.lastSlotOfBallot(run.ballot, runLast(run))
  return agrees === runLast(run) ? undefined : slotPlus(agrees, 1)
}
