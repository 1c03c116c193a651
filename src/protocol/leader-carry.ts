/** Carry: brings every acceptor of the new configuration to the bound log before the ballot is activated (phase 2 of bound values). */
import { type Configuration, nodesOf, originOf } from "./configuration.ts"
import type { Replica, Slot } from "./ids.ts"
import { noSlot, slotPlus } from "./ids.ts"
import type { LeaderInput, LeaderSettings } from "./leader-input.ts"
import { type Awaiting, awaiting } from "./leader-serve.ts"
import type { LogView } from "./log-view.ts"
import {
  acknowledge,
  chunkFor,
  freshProgress,
  leastAcknowledged,
  leastConfirmed,
  nextRound,
  type ProgressOf,
  type Replication,
  sentTo,
  stepBack,
  withProgress
} from "./progress.ts"
import { type Output, type Step, stay } from "./step.ts"

export interface CarryFacts {
  readonly self: Replica
  readonly settings: LeaderSettings
  readonly token: string
  readonly configuration: Configuration
  readonly prev: Configuration
  readonly boundThrough: Slot
}

export interface Carrying extends CarryFacts, Replication {
  readonly _tag: "Carrying"
}

/** Asks everyone whether its log ends as this one does: who agrees needs nothing, the others get what they lack. */
export const carrying = (facts: CarryFacts, log: LogView, round: number): Step<Carrying> => {
  const { configuration, boundThrough, settings } = facts
  const state: Carrying = {
    ...facts,
    _tag: "Carrying",
    progress: freshProgress(configuration, slotPlus(boundThrough, 1)),
    round,
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
  const sent = sendMore(next, log, from)
  return { state: { ...next, ...sent.change }, outputs: sent.outputs }
}

/** "Phase 2 for all bound slots" is done when all acknowledged the last one; only then may the ballot become active. */
const complete = (state: Carrying): Step<Awaiting> => {
  const step = awaiting(state, originOf(state.prev))
  return { state: step.state, outputs: [{ _tag: "CancelTimer", timer: "retransmit" }, ...step.outputs] }
}

export interface Sent {
  readonly change: { readonly progress: ProgressOf; readonly round: number }
  readonly outputs: ReadonlyArray<Output>
}

/** Sends the next chunk to an acceptor that is behind; nothing where it has all. */
export const sendMore = (
  state: Replication & { readonly settings: LeaderSettings },
  log: LogView,
  to: Replica
): Sent => {
  const progress = state.progress.get(to.node)
  if (progress === undefined || !progress.behind) {
    return { change: { progress: state.progress, round: state.round }, outputs: [] }
  }
  const numbered = nextRound(state)
  const accept = chunkFor(numbered, log, progress.next, state.settings.chunkMaxBytes)
  return {
    change: { progress: sentTo(state.progress, to.node, accept, state.last), round: numbered.round },
    outputs: [{ _tag: "Send", to: [to.node], message: accept }]
  }
}

/** Resends to everyone who has not all and has not moved since the last look: messages get lost. */
export const resend = (state: Replication & { readonly settings: LeaderSettings }, log: LogView): Sent => {
  let progress = state.progress
  let round = state.round
  const outputs: Array<Output> = []
  for (const acceptor of state.configuration.acceptors) {
    const of = progress.get(acceptor.node)!
    const stuck = (of.acknowledged < state.last || of.confirmed === 0) && !of.moved
    progress = withProgress(progress, acceptor.node, {
      moved: false,
      ...(stuck ? { behind: true, next: resendFrom(of) } : {})
    })
    if (!stuck) continue
    const sent = sendMore({ ...state, progress, round }, log, acceptor)
    progress = sent.change.progress
    round = sent.change.round
    outputs.push(...sent.outputs)
  }
  return { change: { progress, round }, outputs }
}

/** From where it is known to agree; where nothing is known yet, the probe goes out again. */
const resendFrom = (of: { readonly acknowledged: Slot; readonly next: Slot }): Slot =>
  of.acknowledged === noSlot ? of.next : slotPlus(of.acknowledged, 1)

const again = (state: Carrying, log: LogView): Step<Carrying> => {
  const sent = resend(state, log)
  const timer: Output = { _tag: "SetTimer", timer: "retransmit", afterMs: state.settings.retransmitAfterMs }
  return { state: { ...state, ...sent.change }, outputs: [...sent.outputs, timer] }
}
