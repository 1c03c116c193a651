/**
 * Handing over: a leader finishes what is in flight, gives its lease back, and tells another acceptor to lead
 * (section 6).
 */
import { isAcceptorOf, nodesOf } from "../configuration.ts"
import { type Replica, sameReplica } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import type { Accepted } from "../messages.ts"
import { emptyAccept, nextRound } from "../replication/progress.ts"
import { type Free, ignored, type Step, stay } from "../step.ts"
import type { Serving } from "./state.ts"

/** What a leader that handed over was; it reads no more. */
export interface HandedOver {
  readonly _tag: "HandedOver"
  readonly state: Serving
  readonly to: Replica
}

/** So long does a leader that serves on wait for its successor to be ready. Less than any sensible lease. */
const inviteMs = 100
/** How often it looks. */
const lookEveryMs = 10

/**
 * Invites the successor, or stops at once where it cannot. As long as a lease runs there, the acceptor of the
 * successor keeps the Prepare of its own leader: the ballot can be had from the master while this one serves.
 */
export const handOver = (state: Serving, to: Replica, nowMs: number): Step<Serving> => {
  const { configuration, invited, progress } = state
  if (!isAcceptorOf(configuration, to)) return stay(state, ignored("a successor that is no acceptor"))
  if (sameReplica(to, state.self)) return stay(state, ignored("handing over to itself"))
  if (invited !== undefined && sameReplica(invited.to, to)) return stay(state)
  const isLeased = (progress.get(to.node)?.leaseUntilMs ?? 0) > nowMs
  if (!isLeased || state.handOver !== undefined) return stop(state, to, nowMs)
  return stay(
    { ...state, invited: { to, untilMs: nowMs + inviteMs, after: state.round } },
    { _tag: "TellSuccessor", to: to.node, message: { _tag: "TakeOver", configuration } },
    { _tag: "SetTimer", timer: "hand-over", afterMs: lookEveryMs }
  )
}

/** Nothing more is proposed from now on; what waits is refused in favour of the successor in the end. */
const stop = (state: Serving, to: Replica, nowMs: number): Step<Serving> => {
  const byMs = state.handOver?.byMs ?? nowMs + state.settings.handOverWithinMs
  return handingOver({ ...state, invited: undefined, handOver: { to, byMs } }, nowMs)
}

/** Asks again whether the successor is ready; one that does not come in time is told at the end. */
export const inviting = (state: Serving, log: LogView, nowMs: number): Step<Serving> => {
  const { invited } = state
  if (invited === undefined) return handingOver(state, nowMs)
  if (nowMs >= invited.untilMs) return stop(state, invited.to, nowMs)
  const asking = nextRound(state)
  return stay(
    asking,
    { _tag: "Send", to: nodesOf(state.configuration), message: emptyAccept(asking, log) },
    { _tag: "SetTimer", timer: "hand-over", afterMs: lookEveryMs }
  )
}

/** The acceptor of the successor grants nothing more: a Prepare waits there, and this leader is to go. */
export const orAwaited = (
  step: Step<Serving>,
  from: Replica,
  { ballot, round, grantedMs }: Accepted,
  nowMs: number
): Step<Serving> => {
  const { invited, configuration } = step.state
  if (invited === undefined || !sameReplica(invited.to, from)) return step
  if (ballot !== configuration.ballot || round <= invited.after || grantedMs > 0) return step
  const stopped = stop(step.state, from, nowMs)
  return { state: stopped.state, outputs: [...step.outputs, ...stopped.outputs] }
}

/** Looks again when the time is over; a timer may be early by what a clock rounds away. */
const handingOver = (state: Serving, nowMs: number): Step<Serving> => {
  if (state.handOver === undefined) return stay(state)
  const afterMs = Math.max(1, Math.ceil(state.handOver.byMs - nowMs))
  return stay(state, { _tag: "SetTimer", timer: "hand-over", afterMs })
}

/** The end of a hand-over, when nothing is in flight any more, or when that takes too long. */
export const orHandedOver = <S extends { readonly _tag: string }>(
  step: Step<Serving | S>,
  nowMs: number
): Step<Serving | S | HandedOver> => {
  const { state } = step
  if (!isServing(state) || state.handOver === undefined) return step
  if (state.window.length > 0 && nowMs < state.handOver.byMs) return step
  return { state: { _tag: "HandedOver", state, to: state.handOver.to }, outputs: step.outputs }
}

const isServing = (state: { readonly _tag: string }): state is Serving => state._tag === "Serving"

/**
 * What it sends as the last of its ballot. Its state must be another one by then: who looks whether it holds
 * a lease must find that it does not, before anybody may act on the release.
 */
export const farewell = ({ configuration }: Serving, to: Replica): ReadonlyArray<Free> => [
  {
    _tag: "Send",
    to: nodesOf(configuration),
    message: { _tag: "Release", ballot: configuration.ballot }
  },
  { _tag: "TellSuccessor", to: to.node, message: { _tag: "TakeOver", configuration } }
]
