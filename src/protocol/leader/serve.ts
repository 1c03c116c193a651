/**
 * Serving: proposals in batches, counting acknowledgements, confirming reads (figure 4, phase 2 of new
 * values).
 */

import { leaseFrom, noteSending } from "../acceptor/lease.ts"
import type { Configuration } from "../configuration.ts"
import type { Ballot, Replica } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import type { Accepted, FromClient, Gap, MasterReply } from "../messages.ts"
import {
  acknowledge,
  emptyAccept,
  inConfiguration,
  lacksBase,
  leastAcknowledged,
  leastConfirmed,
  nextRound,
  stepBack
} from "../replication/progress.ts"
import { propose } from "../replication/propose.ts"
import { resend, type Sent, sendMore } from "../replication/resend.ts"
import { afterChosen } from "../replication/window.ts"
import { type Output, type Step, stay } from "../step.ts"
import { admit } from "./admit.ts"
import { type HandedOver, handOver, inviting, orAwaited, orHandedOver } from "./hand-over.ts"
import { leaseUntilMs } from "./held-lease.ts"
import type { LeaderInput } from "./input.ts"
import { fallsSilent, isAtRest, isLateTimer, nextBeatMs, notingBusy, servingTimers } from "./quiet.ts"
import { answered, reconfigure, retryNext } from "./reconfigure.ts"
import type { Lost, Preparing, Serving } from "./state.ts"
import { foretold, knownSlot, withCounted } from "./told.ts"

export const serveStep = (
  before: Serving,
  log: LogView,
  input: LeaderInput,
  nowMs: number
): Step<Serving | Preparing | Lost | HandedOver> => {
  if (isLateTimer(before, input)) return stay(before)
  // Whatever this step sends, it sends after now.
  const sendings = noteSending(before.sendings, before.round, before.leaseMs, nowMs)
  const state = sendings === before.sendings ? before : { ...before, sendings }
  const step = servedStep(state, log, input, nowMs)
  return orHandedOver(before.isSilent ? orAwake(step, nowMs) : step, nowMs)
}

/** A silent leader goes on as soon as there is something to do: whatever came, it shows in the state. */
const orAwake = <S extends Preparing | Lost>(step: Step<Serving | S>, nowMs: number): Step<Serving | S> => {
  const { state } = step
  if (state._tag !== "Serving" || !state.isSilent || isAtRest(state)) return step
  const outputs = [...step.outputs, ...servingTimers(state)]
  const { heartbeatIntervalMs: beatMs } = state.settings
  return { state: { ...state, isSilent: false, busyAtMs: nowMs, beatMs }, outputs }
}

const servedStep = (
  state: Serving,
  log: LogView,
  input: LeaderInput,
  nowMs: number
): Step<Serving | Preparing | Lost> => {
  switch (input._tag) {
    case "Submit":
    case "Query":
      return fromClient(state, input, nowMs)
    case "Flush":
      return flush(state, log, input.wallMs, nowMs)
    case "AskByRound":
      return askRound({ ...state, newReads: [...state.newReads, ...input.queries] }, log, false)
    case "HandOver":
      return handOver(state, input.to, nowMs)
    case "Rouse":
      return roused(state, log, input.ballot)
    case "FromAcceptor":
      if (input.message._tag === "Accepted") {
        const step = onAccepted(state, log, input.from, input.message)
        return orAwaited(step, input.from, input.message, nowMs)
      }
      if (input.message._tag === "Gap") return onGap(state, log, input.from, input.message)
      return stay(state)
    case "TimerFired":
      if (input.timer === "heartbeat") return beat(state, log, nowMs)
      if (input.timer === "retransmit") return resendLate(state, log)
      if (input.timer === "master-retry") return retryNext(state)
      if (input.timer === "hand-over") return inviting(state, log, nowMs)
      return stay(state)
    case "FromMaster":
      if (input.reply.requestId === state.next?.requestId) return answered(state, log, input.reply)
      return retired(state, log, input.reply)
    case "Reconfigure":
      return reconfigure(state, input)
    case "Start":
      return stay(state)
  }
}

/** What the client has counted comes first: its command may be the only one under way then. */
const fromClient = (before: Serving, input: FromClient, nowMs: number): Step<Serving> => {
  const heard = withCounted(before, input.counted)
  if (heard === before) return admit(before, before.settings, input, nowMs)
  const { state, outputs } = settled(heard)
  const admitted = admit(state, state.settings, input, nowMs)
  return { state: admitted.state, outputs: [...outputs, ...admitted.outputs] }
}

/**
 * Sends what has gathered: batches while the window has room, and one round for all reads that came since the
 * last.
 */
const flush = (before: Serving, log: LogView, wallMs: number, nowMs: number): Step<Serving> => {
  let state = before
  const outputs: Array<Output> = []
  while (
    state.handOver === undefined &&
    state.pending.length > 0 &&
    state.window.length < state.settings.windowMax
  ) {
    const proposed = propose(state, log, wallMs, nowMs)
    state = proposed.state
    outputs.push(...proposed.outputs)
  }
  const reading = confirmReads(state, log, outputs.length > 0, nowMs)
  return { state: reading.state, outputs: [...outputs, ...reading.outputs] }
}

/** Under a lease nobody else can have been activated: what is chosen here is all that is (section 6). */
const confirmReads = (state: Serving, log: LogView, proposed: boolean, nowMs: number): Step<Serving> => {
  const { newReads: queries, configuration } = state
  const slot = knownSlot(state)
  if (queries.length === 0) return stay(state)
  if (nowMs >= leaseUntilMs(state)) return askRound({ ...state, askedAtMs: nowMs }, log, proposed)
  return stay(
    { ...state, newReads: [], busyAtMs: nowMs, askedAtMs: nowMs },
    { _tag: "Answer", slot, queries, lease: configuration.ballot }
  )
}

/**
 * Without one a read needs an answer of every acceptor to something sent after it came; a proposal that goes
 * out anyway serves as well.
 */
const askRound = (state: Serving, log: LogView, proposed: boolean): Step<Serving> => {
  const numbered = proposed ? state : nextRound(state)
  const { round } = numbered
  const slot = knownSlot(state)
  const reads = [...state.reads, { round, slot, queries: state.newReads }]
  const outputs: ReadonlyArray<Output> = proposed ? [] : [toAll(numbered, log)]
  return { state: { ...numbered, reads, newReads: [] }, outputs }
}

const toAll = (state: Serving, log: LogView): Output => ({
  _tag: "Send",
  to: state.configuration.acceptors.map((acceptor) => acceptor.node),
  message: emptyAccept(state, log)
})

const onAccepted = (before: Serving, log: LogView, from: Replica, message: Accepted): Step<Serving> => {
  const { sendings, settings } = before
  const untilMs = leaseFrom(sendings, message.round, message.grantedMs, settings.maxClockDrift)
  const { state, outputs } = settled({ ...before, progress: acknowledge(before, from, message, untilMs) })
  return withSent(state, [...outputs, ...foretold(before, state)], sendMore(state, log, from))
}

/**
 * The master took an acceptor out of this ballot: from its answer on, slots are chosen without that one
 * (section 4, point 6). Whatever answer tells of it first: the one to the request may be lost.
 */
const retired = (state: Serving, log: LogView, reply: MasterReply): Step<Serving | Lost> => {
  const active = activeIn(reply)
  if (active === undefined) return stay(state)
  // A leader that is cut off from its acceptors may hear of its successor from the master alone.
  if (active.ballot > state.configuration.ballot)
    return { state: { _tag: "Lost", state, reason: "the master activated another ballot" }, outputs: [] }
  const isNext =
    active.ballot === state.configuration.ballot && active.generation > state.configuration.generation
  if (!isNext) return stay(state)
  const step = settled({ ...inConfiguration(state, active), toldAfter: state.round })
  const told = nextRound(step.state)
  return { state: told, outputs: [...step.outputs, toAll(told, log)] }
}

const activeIn = (reply: MasterReply): Configuration | undefined => {
  if (reply._tag === "Activated") return reply.configuration
  return reply._tag === "Superseded" || reply._tag === "MasterRead" ? reply.active : undefined
}

/** What the acknowledgements counted so far make chosen, and which reads they confirm. */
const settled = (before: Serving): Step<Serving> => {
  const chosen = leastAcknowledged(before)
  let state = before
  const outputs: Array<Output> = []
  if (chosen > before.chosen) {
    // Chosen: all acceptors of this generation have synced it, this node's own included.
    state = { ...state, chosen, toldAfter: state.round, window: afterChosen(state.window, chosen) }
    outputs.push({ _tag: "Apply", through: chosen, answer: true })
  }
  const confirmed = leastConfirmed(state)
  if (state.reads.some((read) => read.round <= confirmed)) {
    for (const { round, slot, queries } of state.reads) {
      if (round <= confirmed) outputs.push({ _tag: "Answer", slot, queries, lease: undefined })
    }
    state = { ...state, reads: state.reads.filter((read) => read.round > confirmed) }
  }
  return { state, outputs }
}

const onGap = (before: Serving, log: LogView, from: Replica, message: Gap): Step<Serving> => {
  const state = { ...before, progress: stepBack(before, log, from, message) }
  if (lacksBase(state, log, message)) return stay(state)
  return withSent(state, [], sendMore(state, log, from))
}

const withSent = (state: Serving, outputs: ReadonlyArray<Output>, sent: Sent): Step<Serving> => ({
  state: { ...state, ...sent.change },
  outputs: [...outputs, ...sent.outputs]
})

/**
 * Keeps followers informed of what is chosen, and repeats the question for reads whose round was lost; or
 * falls silent.
 */
const beat = (served: Serving, log: LogView, nowMs: number): Step<Serving> => {
  const before = notingBusy(served, nowMs)
  if (fallsSilent(before, nowMs))
    return stay({ ...before, isSilent: true }, { _tag: "CancelTimer", timer: "retransmit" })
  const beatMs = nextBeatMs(before, nowMs)
  const timer: Output = { _tag: "SetTimer", timer: "heartbeat", afterMs: beatMs }
  if (before.round > before.beatRound && before.reads.length === 0) {
    return stay({ ...before, beatMs, beatRound: before.round }, timer)
  }
  const state = nextRound(before)
  return stay({ ...state, beatMs, beatRound: state.round }, toAll(state, log), timer)
}

/** Tells everybody everything once more, and is silent again when all have answered. */
const roused = (silent: Serving, log: LogView, ballot: Ballot): Step<Serving> => {
  if (!silent.isSilent || ballot !== silent.configuration.ballot) return stay(silent)
  const state = nextRound({ ...silent, toldAfter: silent.round })
  return stay({ ...state, beatRound: state.round }, toAll(state, log))
}

const resendLate = (state: Serving, log: LogView): Step<Serving> => {
  const timer: Output = { _tag: "SetTimer", timer: "retransmit", afterMs: state.settings.retransmitAfterMs }
  return withSent(state, [timer], resend(state, log))
}
