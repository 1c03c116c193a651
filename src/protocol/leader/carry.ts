/**
 * Carry: brings every acceptor of the new configuration to the bound log before the ballot is activated
 * (phase 2 of bound values).
 */
import { nodesOf } from "../configuration.ts"
import { noSlot, slotPlus } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import {
  acknowledge,
  chunkFor,
  freshProgress,
  lacksBase,
  leastAcknowledged,
  leastConfirmed,
  stepBack
} from "../replication/progress.ts"
import { resend, sendMore } from "../replication/resend.ts"
import { type Output, type Step, stay } from "../step.ts"
import { awaiting } from "./activate.ts"
import type { LeaderInput } from "./input.ts"
import type { Awaiting, CarryFacts, Carrying } from "./state.ts"

/**
 * Asks everyone whether its log ends as this one does: who agrees needs nothing, the others get what they
 * lack.
 */
export const carrying = (facts: CarryFacts, log: LogView, round: number): Step<Carrying> => {
  const { configuration, boundThrough, settings } = facts
  const state: Carrying = {
    ...facts,
    _tag: "Carrying",
    progress: freshProgress(configuration, slotPlus(boundThrough, 1)),
    round,
    leaseMs: 0,
    last: boundThrough,
    chosen: noSlot
  }
  const probe = chunkFor(state, log, slotPlus(boundThrough, 1), settings.chunkMaxBytes)
  return {
    state,
    outputs: [
      { _tag: "Note", note: { _tag: "LeaderPhase", ballot: configuration.ballot, phase: "Carrying" } },
      { _tag: "Send", to: nodesOf(configuration), message: probe },
      { _tag: "SetTimer", timer: "retransmit", afterMs: settings.retransmitAfterMs }
    ]
  }
}

export const carryStep = (state: Carrying, log: LogView, input: LeaderInput): Step<Carrying | Awaiting> => {
  if (input._tag === "TimerFired" && input.timer === "retransmit") return again(state, log)
  if (input._tag !== "FromAcceptor") return stay(state)
  const { from, message } = input
  if (message._tag === "Accepted") {
    const next = { ...state, progress: acknowledge(state, from, message) }
    // An empty log is agreed on by answering: somebody who has nothing to acknowledge still has to be heard.
    if (leastConfirmed(next) > 0 && leastAcknowledged(next) >= state.boundThrough) return complete(next)
    const sent = sendMore(next, log, from)
    return { state: { ...next, ...sent.change }, outputs: sent.outputs }
  }
  if (message._tag !== "Gap") return stay(state)
  const next = { ...state, progress: stepBack(state, log, from, message) }
  if (lacksBase(next, log, message)) return stay(next)
  const sent = sendMore(next, log, from)
  return { state: { ...next, ...sent.change }, outputs: sent.outputs }
}

/**
 * "Phase 2 for all bound slots" is done when all acknowledged the last one; only then may the ballot become
 * active.
 */
const complete = (state: Carrying): Step<Awaiting> => {
  const step = awaiting(state)
  return { state: step.state, outputs: [{ _tag: "CancelTimer", timer: "retransmit" }, ...step.outputs] }
}

const again = (state: Carrying, log: LogView): Step<Carrying> => {
  const sent = resend(state, log)
  const timer: Output = { _tag: "SetTimer", timer: "retransmit", afterMs: state.settings.retransmitAfterMs }
  return { state: { ...state, ...sent.change }, outputs: [...sent.outputs, timer] }
}
