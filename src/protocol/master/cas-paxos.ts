/**
 * The register that keeps the master's state, on several disks: CASPaxos (Rystsov, 2018), one register a
 * group. Its acceptor is called a keeper here, since acceptors are those of a group's log.
 */
import type { NodeId, Replica } from "../ids.ts"
import { covers, isSeated, majorityOf, mergeSeats, type Seats } from "./seats.ts"

/**
 * Number of an attempt to change a register (the paper's ballot). `proposer` names one life of a process, so
 * that nobody, not even after a restart, makes a second attempt under the same ticket.
 */
export interface Ticket {
  readonly number: number
  readonly proposer: string
}
const noTicket: Ticket = { number: 0, proposer: "" }

export const sameTicket = (a: Ticket, b: Ticket): boolean =>
  a.number === b.number && a.proposer === b.proposer

export const isAbove = (a: Ticket, b: Ticket): boolean =>
  a.number !== b.number ? a.number > b.number : a.proposer > b.proposer

/** What a register holds: the master's state as text, and how often it was written. */
export interface RegisterValue {
  readonly version: number
  readonly text: string
}

/** What a keeper has on its disk of one register. */
export interface Kept {
  /** No attempt below it is taken part in. */
  readonly promised: Ticket
  readonly accepted: Ticket
  readonly value: RegisterValue | undefined
}
export const keptNothing: Kept = { promised: noTicket, accepted: noTicket, value: undefined }

interface Asked {
  /** Names the question; the ticket of Claim and Write is more than a name. */
  readonly ticket: Ticket
  readonly seats: Seats
}

export type ToKeeper =
  /** What do you hold? Promises nothing. */
  | ({ readonly _tag: "Peek" } & Asked)
  /** Phase 1 (prepare): promise, and tell what you hold. */
  | ({ readonly _tag: "Claim" } & Asked)
  /** Phase 2 (accept). */
  | ({ readonly _tag: "Write"; readonly value: RegisterValue } & Asked)

export type FromKeeper =
  | ({ readonly _tag: "Held"; readonly ticket: Ticket } & Kept)
  | { readonly _tag: "Written"; readonly ticket: Ticket }
  | { readonly _tag: "Outbid"; readonly ticket: Ticket; readonly promised: Ticket }
  /** Somebody has another disk now, and an attempt that counts on the old one must begin again. */
  | { readonly _tag: "Reseated"; readonly ticket: Ticket; readonly seats: Seats }

export interface Keeper {
  readonly self: Replica
  readonly seats: Seats
  readonly kept: Kept
}

export type KeeperRecord =
  | { readonly _tag: "Seated"; readonly seats: Seats }
  | { readonly _tag: "Kept"; readonly kept: Kept }

/** `reply` cannot leave before `records`, and all records before them, are durable. */
export interface KeeperStep {
  readonly keeper: Keeper
  readonly records: ReadonlyArray<KeeperRecord>
  readonly reply: FromKeeper | undefined
}

/** One step of a keeper of one register. Whoever has no seat keeps silent. */
export const keeperStep = (before: Keeper, message: ToKeeper): KeeperStep => {
  const { ticket } = message
  if (!isSeated(before.seats, before.self)) return { keeper: before, records: [], reply: undefined }
  // The seats are compared before anything else: an attempt may count a promise of a disk that is gone.
  if (!covers(message.seats, before.seats)) {
    const seats = mergeSeats(before.seats, message.seats)
    return { keeper: before, records: [], reply: { _tag: "Reseated", ticket, seats } }
  }
  const isNews = !covers(before.seats, message.seats)
  const seated = isNews ? { ...before, seats: message.seats } : before
  const records: ReadonlyArray<KeeperRecord> = isNews ? [{ _tag: "Seated", seats: message.seats }] : []
  if (!isSeated(seated.seats, seated.self)) return { keeper: seated, records, reply: undefined }
  const { promised, accepted } = seated.kept
  const keep = (kept: Kept, reply: FromKeeper): KeeperStep => ({
    keeper: { ...seated, kept },
    records: [...records, { _tag: "Kept", kept }],
    reply
  })
  const answer = (reply: FromKeeper): KeeperStep => ({ keeper: seated, records, reply })
  const held = (): FromKeeper => ({ _tag: "Held", ...seated.kept, ticket })
  switch (message._tag) {
    case "Peek":
      return answer(held())
    case "Claim": {
      if (isAbove(promised, ticket)) return answer({ _tag: "Outbid", ticket, promised })
      // A second copy of the question gets the same answer.
      if (sameTicket(promised, ticket)) return answer(held())
      const kept = { ...seated.kept, promised: ticket }
      return keep(kept, { _tag: "Held", ...kept, ticket })
    }
    case "Write": {
      if (isAbove(promised, ticket)) return answer({ _tag: "Outbid", ticket, promised })
      if (sameTicket(accepted, ticket)) return answer({ _tag: "Written", ticket })
      return keep({ promised: ticket, accepted: ticket, value: message.value }, { _tag: "Written", ticket })
    }
  }
}

/** What is wanted of a register. */
export type Operation =
  | { readonly _tag: "Read" }
  /** Write `text` if the version is still `expected`. */
  | { readonly _tag: "Swap"; readonly expected: number; readonly text: string }

export type Outcome =
  | { readonly _tag: "Value"; readonly value: RegisterValue | undefined }
  | { readonly _tag: "Swapped" }
  /** Another version: of somebody else, or of an earlier attempt for this very swap. */
  | { readonly _tag: "Differs" }

/** An attempt under way. */
export interface Attempt {
  readonly operation: Operation
  readonly ask: ToKeeper
  readonly answers: ReadonlyMap<NodeId, FromKeeper>
}

export type AttemptStep =
  /** `ask` goes to all keepers, if there is one. */
  | { readonly _tag: "Going"; readonly attempt: Attempt; readonly ask: ToKeeper | undefined }
  | { readonly _tag: "Settled"; readonly outcome: Outcome }
  /** To be begun again with a claim, above this number, among these seats. */
  | { readonly _tag: "Again"; readonly above: number; readonly seats: Seats; readonly isOutbid: boolean }

/**
 * Begins an attempt under a ticket that nothing was ever asked under. A read that peeks finds out without a
 * promise what is there, if the keepers agree.
 */
export const beginAttempt = (
  operation: Operation,
  ticket: Ticket,
  seats: Seats,
  peeks: boolean
): Attempt => ({
  operation,
  ask: { _tag: peeks && operation._tag === "Read" ? "Peek" : "Claim", ticket, seats },
  answers: new Map()
})

/** Takes an answer of a keeper. Answers to anything else, and of those without a seat, change nothing. */
export const attemptStep = (attempt: Attempt, from: Replica, answer: FromKeeper): AttemptStep => {
  const { ask } = attempt
  const going: AttemptStep = { _tag: "Going", attempt, ask: undefined }
  if (!sameTicket(answer.ticket, ask.ticket) || !isSeated(ask.seats, from)) return going
  if (answer._tag === "Outbid")
    return { _tag: "Again", above: answer.promised.number, seats: ask.seats, isOutbid: true }
  if (answer._tag === "Reseated") {
    const seats = mergeSeats(ask.seats, answer.seats)
    return { _tag: "Again", above: ask.ticket.number, seats, isOutbid: false }
  }
  if ((answer._tag === "Written") !== (ask._tag === "Write")) return going
  const answers = new Map(attempt.answers).set(from.node, answer)
  const counted = { ...attempt, answers }
  if (answers.size < majorityOf(ask.seats)) return { _tag: "Going", attempt: counted, ask: undefined }
  return ask._tag === "Write" ? written(counted) : held(counted)
}

const written = ({ operation, ask }: Attempt): AttemptStep => {
  const value = ask._tag === "Write" ? ask.value : undefined
  return {
    _tag: "Settled",
    outcome: operation._tag === "Read" ? { _tag: "Value", value } : { _tag: "Swapped" }
  }
}

/** A majority has told what it holds. */
const held = (attempt: Attempt): AttemptStep => {
  const { operation, ask } = attempt
  const answers = [...attempt.answers.values()].flatMap((answer) => (answer._tag === "Held" ? [answer] : []))
  const newest = answers.reduce((best, one) => (isAbove(one.accepted, best.accepted) ? one : best))
  const { value } = newest
  if (operation._tag === "Read") {
    // What a majority has accepted under one ticket is chosen, and nothing newer is.
    const agree = answers.every(({ accepted }) => sameTicket(accepted, newest.accepted))
    if (agree || value === undefined) return { _tag: "Settled", outcome: { _tag: "Value", value } }
    if (ask._tag === "Peek") {
      const above = Math.max(...answers.map(({ promised }) => promised.number))
      return { _tag: "Again", above, seats: ask.seats, isOutbid: false }
    }
    return write(attempt, value)
  }
  const { expected, text } = operation
  if ((value?.version ?? 0) !== expected) return { _tag: "Settled", outcome: { _tag: "Differs" } }
  return write(attempt, { version: expected + 1, text })
}

const write = (before: Attempt, value: RegisterValue): AttemptStep => {
  const { operation, ask } = before
  const next: ToKeeper = { _tag: "Write", ticket: ask.ticket, seats: ask.seats, value }
  return { _tag: "Going", attempt: { operation, ask: next, answers: new Map() }, ask: next }
}
