/**
 * A leader of which nobody wants anything falls silent: it beats no more, and its lease runs out by itself.
 * Its node says for all such groups at once that they are led (liveness/roll.ts).
 */
import { leastConfirmed } from "../replication/progress.ts"
import type { Output } from "../step.ts"
import type { LeaderInput } from "./input.ts"
import type { Serving } from "./state.ts"

/** The timers of a leader that serves and is not silent. */
export const servingTimers = ({
  settings
}: Pick<Serving, "settings">): readonly [heartbeat: Output, retransmit: Output] => [
  { _tag: "SetTimer", timer: "heartbeat", afterMs: settings.heartbeatIntervalMs },
  { _tag: "SetTimer", timer: "retransmit", afterMs: settings.retransmitAfterMs }
]

/**
 * Whether nothing is left to do or to tell: all that was proposed is chosen, nobody waits for anything, and
 * every acceptor has answered a round that told what is chosen, and who the acceptors are.
 */
export const isAtRest = (state: Serving): boolean =>
  state.chosen === state.last &&
  state.window.length === 0 &&
  state.pending.length === 0 &&
  state.reads.length === 0 &&
  state.newReads.length === 0 &&
  state.next === undefined &&
  state.invited === undefined &&
  state.handOver === undefined &&
  leastConfirmed(state) > state.toldAfter

/** Whether a leader has been at rest for so long that it is to fall silent. Asked when a beat is due. */
export const fallsSilent = (state: Serving, nowMs: number): boolean => {
  const { quietAfterMs } = state.settings
  return quietAfterMs > 0 && nowMs - state.busyAtMs >= quietAfterMs && isAtRest(state)
}

/** Whoever has asked within this time is going to ask again, and is not to wait for a round then. */
const leaseKeptMs = 1000
/** Beats become so many times rarer at the most: the others must hear of a leader before they miss it. */
const rarestBeat = 8

/** How long to wait for the next beat: twice as long as for the last one, where there is nothing to say. */
export const nextBeatMs = (state: Serving, nowMs: number): number => {
  const { heartbeatIntervalMs, quietAfterMs } = state.settings
  const isRare = quietAfterMs > 0 && state.busyAtMs < nowMs && isAtRest(state)
  if (!isRare || (state.leaseMs > 0 && nowMs - state.askedAtMs < leaseKeptMs)) return heartbeatIntervalMs
  return Math.min(2 * state.beatMs, rarestBeat * heartbeatIntervalMs)
}

/** From this part of the time on the roll of its node names it: the others know before its beats end. */
const partBeforeRoll = 1 / 3

/** Whether the roll of its node is to name this leader: it is silent, or is about to be. */
export const isCalm = (state: Serving, nowMs: number): boolean => {
  if (state.isSilent) return true
  const { quietAfterMs } = state.settings
  return quietAfterMs > 0 && nowMs - state.busyAtMs >= quietAfterMs * partBeforeRoll && isAtRest(state)
}

/** Notes whether anything but beats was sent since the last one. */
export const notingBusy = (state: Serving, nowMs: number): Serving =>
  state.round > state.beatRound || state.reads.length > 0 ? { ...state, busyAtMs: nowMs } : state

/** A timer that was on its way when the leader fell silent. */
export const isLateTimer = (state: Serving, input: LeaderInput): boolean =>
  state.isSilent &&
  input._tag === "TimerFired" &&
  (input.timer === "heartbeat" || input.timer === "retransmit")
