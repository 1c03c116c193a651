/**
 * Handing over: a leader finishes what is in flight, gives its lease back, and tells another acceptor to lead
 * (section 6).
 */
import { isAcceptorOf, nodesOf } from "./configuration.ts"
import { type Replica, sameReplica } from "./ids.ts"
import type { Serving } from "./leader-state.ts"
import { type Free, ignored, type Step, stay } from "./step.ts"

/** What a leader that handed over was; it reads no more. */
export interface HandedOver {
  readonly _tag: "HandedOver"
  readonly state: Serving
  readonly to: Replica
}

/** Nothing more is proposed from now on; what waits is refused in favour of the successor in the end. */
export const handOver = (state: Serving, to: Replica, nowMs: number): Step<Serving> => {
  const { handOverWithinMs } = state.settings
  if (!isAcceptorOf(state.configuration, to)) return stay(state, ignored("a successor that is no acceptor"))
  if (sameReplica(to, state.self)) return stay(state, ignored("handing over to itself"))
  const byMs = state.handOver?.byMs ?? nowMs + handOverWithinMs
  return handingOver({ ...state, handOver: { to, byMs } }, nowMs)
}

/** Looks again when the time is over; a timer may be early by what a clock rounds away. */
export const handingOver = (state: Serving, nowMs: number): Step<Serving> => {
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
