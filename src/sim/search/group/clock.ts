/**
 * Time in a model with leases. It passes in ticks, as long as a lease on the fastest clock: a lease of this
 * tick surely runs, one of the last tick runs or has ended, by how fast its clock went, and an older one has
 * surely ended.
 */
import type { AcceptorState } from "../../../protocol/acceptor/acceptor.ts"
import type { Grants, Sending } from "../../../protocol/acceptor/lease.ts"
import { defaultLeaderSettings, type LeaderSettings } from "../../../protocol/leader/input.ts"
import type { LeaderState, Serving } from "../../../protocol/leader/state.ts"
import type { FromAcceptor, ToAcceptor } from "../../../protocol/messages.ts"

/** Fractions that doubles hold exactly. */
const drift = 0.25
const leaseMs = 200
/** What the fastest clock and the slowest one show after a tick: as far apart as the drift allows. */
export const fastMs = leaseMs
export const slowMs = leaseMs * (1 - drift)

/** With leases, and with a hand-over that takes less than a tick. */
export const leaseSettings: LeaderSettings = {
  ...defaultLeaderSettings,
  windowMax: 8,
  leaseDurationMs: leaseMs,
  maxClockDrift: drift,
  handOverWithinMs: 100
}

/**
 * Rounds are ages: what was sent in this tick has the newest, in the last tick the one before, and what is
 * older cannot give a lease any more. All sendings of a tick are one, so more can happen than in truth.
 */
export const newestRound = 3
export const oldestRound = 1

/** What is left of a time on a clock that shows 0 and went on by `ms`. */
const left = (untilMs: number, ms: number): number => Math.max(0, untilMs - ms)

/** What of a node has to do with time. */
interface Timed {
  readonly acceptor: AcceptorState
  readonly leader: LeaderState
}

/** A node whose clock went on by `ms`, in one tick. */
export const afterTime = <N extends Timed>(node: N, ms: number): N => {
  const { acceptor, leader } = node
  const grants = grantsAfter(acceptor.grants, ms)
  return {
    ...node,
    acceptor: { ...acceptor, grants, owing: owingAfter(acceptor.owing, ms) },
    leader: leader._tag === "Serving" ? servingAfter(leader, ms) : leader
  }
}

const grantsAfter = (grants: Grants, ms: number): Grants => ({
  ...grants,
  untilMs: left(grants.untilMs, ms),
  formerUntilMs: left(grants.formerUntilMs, ms)
})

/** A tick is so long that it has to say something of itself again. */
const owingAfter = (owing: AcceptorState["owing"], ms: number): AcceptorState["owing"] => {
  const accepted = owing?.debt && aged(owing.debt.accepted)
  return (
    owing && {
      ...owing,
      paidAtMs: owing.paidAtMs - ms,
      debt: owing.debt && accepted && { ...owing.debt, accepted }
    }
  )
}

/** A message one tick later. */
export const aged = <M extends ToAcceptor | FromAcceptor>(message: M): M =>
  "round" in message ? { ...message, round: Math.max(oldestRound, message.round - 1) } : message

const servingAfter = (leader: Serving, ms: number): Serving => {
  const { sendings, invited, handOver } = leader
  const progress = new Map(
    [...leader.progress].map(
      ([node, of]) => [node, { ...of, leaseUntilMs: left(of.leaseUntilMs, ms) }] as const
    )
  )
  return {
    ...leader,
    progress,
    sendings: sendings.flatMap((sending) => olderSending(sending, ms)),
    invited: invited && {
      ...invited,
      untilMs: left(invited.untilMs, ms),
      after: Math.max(0, invited.after - 1)
    },
    handOver: handOver && { ...handOver, byMs: left(handOver.byMs, ms) }
  }
}

/** Nothing where no round of this age can be told from an older one. */
const olderSending = ({ after, atMs }: Sending, ms: number): ReadonlyArray<Sending> =>
  after <= oldestRound ? [] : [{ after: after - 1, atMs: atMs - ms }]
