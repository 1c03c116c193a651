/**
 * Acknowledgements that can wait: a lone client was told as well, and its next command brings its leader the
 * news (section 5, point 9).
 */
import { type Ballot, type Replica, slotMax } from "../ids.ts"
import type { Accept, Accepted } from "../messages.ts"
import type { Output } from "../step.ts"

/** What an acceptor owes the leader of the ballot that it has promised. */
export interface Owing {
  /** When it acknowledged something to that leader last, by its own clock. */
  readonly paidAtMs: number
  readonly debt: Debt | undefined
  /** The timer runs that looks at the debt. */
  readonly isTimed: boolean
}

interface Debt {
  readonly to: Replica
  readonly accepted: Accepted
  readonly sinceMs: number
}

/** An acceptor that owes nothing, and has never acknowledged anything. */
export const noDebt: Owing = { paidAtMs: Number.NEGATIVE_INFINITY, debt: undefined, isTimed: false }

/** A client that has its result and goes on has gone on by then; else the leader is to know. */
const owedMs = 2
/** Leases, and what a leader thinks of its acceptors' speed, need word from them now and then. */
const paidEveryMs = 20

/** Whether this acknowledgement can wait: it says nothing but what the client is told. */
export const canWait = (owing: Owing, accept: Accept, accepted: Accepted, nowMs: number): boolean =>
  accept.tells !== undefined &&
  accept.runs.length > 0 &&
  accepted.grantedMs === accept.leaseMs &&
  nowMs - owing.paidAtMs < paidEveryMs

/** Acknowledgements are cumulative: what is said now pays for all that it covers. */
export const paid = (owing: Owing, said: Accepted, nowMs: number): Owing => {
  const { debt } = owing
  const isLeft = debt !== undefined && debt.accepted.ballot === said.ballot && !covers(said, debt.accepted)
  return { ...owing, paidAtMs: nowMs, debt: isLeft ? debt : undefined }
}

/** What an old Accept that came late has answered covers less than the answers before it. */
const covers = (said: Accepted, other: Accepted): boolean =>
  said.round >= other.round && said.lastSlot >= other.lastSlot

/** Owes the newest acknowledgement from now on, in place of the one before: the leader went on from that. */
export const owed = (
  owing: Owing,
  to: Replica,
  accepted: Accepted,
  nowMs: number
): { readonly owing: Owing; readonly outputs: ReadonlyArray<Output> } => ({
  owing: { ...owing, debt: newest(owing.debt, { to, accepted, sinceMs: nowMs }), isTimed: true },
  outputs: owing.isTimed ? [] : [lookIn(owedMs)]
})

/**
 * The debt after another one: of two rounds the later, with all that either covers, for what is written in a
 * ballot stays while that goes on. The Accept of the other one may be old, and have come late.
 */
const newest = (before: Debt | undefined, next: Debt): Debt => {
  if (before === undefined || before.accepted.ballot !== next.accepted.ballot) return next
  const later = next.accepted.round >= before.accepted.round ? next : before
  const lastSlot = slotMax(before.accepted.lastSlot, next.accepted.lastSlot)
  return { ...later, accepted: { ...later.accepted, lastSlot } }
}

/** Pays a debt that is old enough, to the leader of the ballot promised; the timer went off. */
export const lookAtDebt = (
  owing: Owing,
  promised: Ballot,
  nowMs: number
): { readonly owing: Owing; readonly outputs: ReadonlyArray<Output> } => {
  const { debt } = owing
  if (debt === undefined || debt.accepted.ballot !== promised)
    return { owing: { ...owing, debt: undefined, isTimed: false }, outputs: [] }
  const leftMs = debt.sinceMs + owedMs - nowMs
  if (leftMs > 0) return { owing, outputs: [lookIn(leftMs)] }
  const { to, accepted } = debt
  // Owed from the moment of its write on: it leaves behind the sync of that.
  const release = [{ _tag: "Send", to: [to.node], message: accepted } as const]
  return {
    owing: { ...paid(owing, accepted, nowMs), isTimed: false },
    outputs: [{ _tag: "Persist", records: [], release }]
  }
}

const lookIn = (afterMs: number): Output => ({
  _tag: "SetTimer",
  timer: "owed",
  afterMs: Math.max(1, Math.ceil(afterMs))
})
