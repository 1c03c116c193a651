/**
 * Leases (section 6): what acceptors promise about the Prepares of others, and until when a leader may read
 * without asking.
 */
import { type Ballot, noBallot, type Replica, sameReplica } from "../ids.ts"
import type { Prepare } from "../messages.ts"

/** What an acceptor has promised beside its votes. Only `notedMs` is durable; times are of its own clock. */
export interface Grants {
  /** The longest lease that it grants; 0: none. */
  readonly durationMs: number
  /** What its disk says that it may have granted: so long does it wait after a restart. */
  readonly notedMs: number
  /** Leases of its last life may run until then. */
  readonly formerUntilMs: number
  /** Whose lease runs, and in which ballot; nobody knows after a restart. */
  readonly holder: Replica | undefined
  readonly ballot: Ballot
  readonly untilMs: number
  /** Its leader gave the lease of this ballot back, and gets none again, however late its messages come. */
  readonly released: Ballot
  /** Waits for the lease to end. Meanwhile its holder is granted nothing more, or it would wait for ever. */
  readonly kept: { readonly from: Replica; readonly message: Prepare } | undefined
}

/**
 * The grants of an acceptor that starts at `nowMs`: it has forgotten whom it promised what, and waits for as
 * long as its disk says that a promise may last.
 *
 * @example
 * const grants = freshGrants(200, log.leaseMs, nowMs)
 */
export const freshGrants = (durationMs: number, notedMs: number, nowMs: number): Grants => {
  const untilMs = notedMs > 0 ? nowMs + notedMs : 0
  return {
    durationMs,
    notedMs,
    formerUntilMs: untilMs,
    holder: undefined,
    ballot: noBallot,
    untilMs,
    released: noBallot,
    kept: undefined
  }
}

/** Whether a Prepare of this leader has to wait. Its own acceptor is no exception to anybody's promise. */
export const mustWait = (grants: Grants, leader: Replica, nowMs: number): boolean =>
  nowMs < grants.untilMs && !(grants.holder !== undefined && sameReplica(grants.holder, leader))

/**
 * How long a lease to grant to the leader of `ballot`, which is the one promised, for an Accept that asks for
 * `askedMs`.
 */
export const grantedMs = (grants: Grants, ballot: Ballot, askedMs: number): number => {
  const { kept, released, durationMs } = grants
  const isAwaited = kept !== undefined && kept.message.configuration.ballot > ballot
  return isAwaited || ballot <= released ? 0 : Math.min(askedMs, durationMs)
}

/**
 * The grants with a lease of `forMs`, above 0, from now on. Leases of lower ballots have ended: the leader of
 * this one has been through a Prepare, which waited for them.
 */
export const withGrant = (
  grants: Grants,
  ballot: Ballot,
  holder: Replica,
  forMs: number,
  nowMs: number
): Grants => {
  const untilMs = Math.max(grants.untilMs, nowMs + forMs)
  // Who is kept here has a lower ballot: the next time it asks, it is refused.
  return { ...grants, holder, ballot, untilMs, notedMs: notedFor(grants, nowMs), kept: undefined }
}

/**
 * The note must cover whatever may run: it grows at once, and shrinks when what was granted before is over.
 */
const notedFor = (grants: Grants, nowMs: number): number => {
  const { durationMs, notedMs, formerUntilMs } = grants
  return durationMs > notedMs || nowMs >= formerUntilMs ? durationMs : notedMs
}

/** Gives back the lease of one ballot: that of a later leader is another's. */
export const withRelease = (grants: Grants, from: Replica, ballot: Ballot): Grants =>
  grants.ballot === ballot && grants.holder !== undefined && sameReplica(grants.holder, from)
    ? { ...grants, untilMs: 0, released: ballot }
    : grants

/** A moment in a leader's rounds: all rounds above `after` were sent at `atMs` or later. */
export interface Sending {
  readonly after: number
  readonly atMs: number
}

/** So many moments are kept of one lease; it is this much shorter than it could be, at most. */
const sendingsOfLease = 16

/**
 * Notes the moment before a leader goes on, now and then: what could still give a lease is kept, so there are
 * few. `nowMs` was read before anything of this step is sent.
 */
export const noteSending = (
  sendings: ReadonlyArray<Sending>,
  round: number,
  leaseMs: number,
  nowMs: number
): ReadonlyArray<Sending> => {
  const newest = sendings[sendings.length - 1]
  if (leaseMs <= 0 || (newest !== undefined && nowMs < newest.atMs + leaseMs / sendingsOfLease)) {
    return sendings
  }
  const kept = sendings.filter(({ atMs }) => atMs > nowMs - leaseMs)
  kept.push({ after: round, atMs: nowMs })
  return kept
}

/**
 * Until when the answer to `round` forbids its acceptor to answer others, on the leader's clock. It counts
 * from the sending: the acceptor got it later. Its clock may run faster, by `maxClockDrift` of the time.
 */
export const leaseFrom = (
  sendings: ReadonlyArray<Sending>,
  round: number,
  forMs: number,
  maxClockDrift: number
): number => {
  if (forMs <= 0) return 0
  for (let index = sendings.length - 1; index >= 0; index--) {
    const { after, atMs } = sendings[index]!
    if (round > after) return atMs + forMs * (1 - maxClockDrift)
  }
  return 0
}
