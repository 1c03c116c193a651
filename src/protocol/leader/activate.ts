/**
 * Activation: asks the master to make the ballot the active one, and begins to serve when it has (figure 4,
 * figure 5).
 */
import { originOf } from "../configuration.ts"
import { sameReplica } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import { completeRequestId, type MasterRequest } from "../messages.ts"
import { inConfiguration } from "../replication/progress.ts"
import { afterChosen, unsettled } from "../replication/window.ts"
import { type Output, type Step, stay } from "../step.ts"
import type { LeaderInput } from "./input.ts"
import { started } from "./log-time.ts"
import { servingTimers } from "./quiet.ts"
import type { Awaiting, Carrying, Lost, Serving } from "./state.ts"

export const awaiting = (state: Carrying): Step<Awaiting> => {
  const { configuration, token, settings } = state
  const request: MasterRequest = {
    _tag: "Complete",
    requestId: completeRequestId(token),
    ballot: configuration.ballot,
    prev: originOf(state.prev)
  }
  return {
    state: { ...state, _tag: "Awaiting", request },
    outputs: [
      {
        _tag: "Note",
        note: { _tag: "LeaderPhase", ballot: configuration.ballot, phase: "AwaitingActivation" }
      },
      { _tag: "AskMaster", request },
      { _tag: "SetTimer", timer: "master-retry", afterMs: settings.masterRetryMs }
    ]
  }
}

export const awaitStep = (
  state: Awaiting,
  log: LogView,
  input: LeaderInput,
  nowMs: number
): Step<Awaiting | Serving | Lost> => {
  if (input._tag === "TimerFired" && input.timer === "master-retry") {
    const again: Output = { _tag: "SetTimer", timer: "master-retry", afterMs: state.settings.masterRetryMs }
    return stay(state, { _tag: "AskMaster", request: state.request }, again)
  }
  if (input._tag !== "FromMaster" || input.reply.requestId !== state.request.requestId) return stay(state)
  const { reply } = input
  const active = reply._tag === "Activated" ? reply.configuration : undefined
  const { ballot, leader } = state.configuration
  // A master whose state was put back may have given the number out twice: one ballot has one leader.
  if (active !== undefined && active.ballot === ballot && sameReplica(active.leader, leader))
    return serving(inConfiguration(state, active), log, nowMs)
  return { state: { _tag: "Lost", state, reason: "the master activated another ballot" }, outputs: [] }
}

const serving = (before: Awaiting, log: LogView, nowMs: number): Step<Serving> => {
  const { request: _, ...facts } = before
  const { settings, configuration, boundThrough, round, held } = before
  const tail = boundThrough < log.first ? log.base : log.read(boundThrough, boundThrough, 1)[0]!
  const first = started(settings, nowMs)
  const state: Serving = {
    ...facts,
    _tag: "Serving",
    held: undefined,
    chosen: boundThrough,
    window: [],
    pending: [first, ...(held?.pending ?? [])],
    pendingBytes: first.bytes.length + (held?.pendingBytes ?? 0),
    atMs: Math.max(tail.atMs, held?.atMs ?? 0),
    timedAtMs: nowMs,
    reads: [],
    newReads: held?.newReads ?? [],
    told: boundThrough,
    beatRound: round,
    toldAfter: round,
    busyAtMs: nowMs,
    askedAtMs: 0,
    beatMs: settings.heartbeatIntervalMs,
    isSilent: false,
    next: undefined,
    refused: undefined,
    leaseMs: settings.leaseDurationMs,
    sendings: [],
    invited: undefined,
    handOver: undefined
  }
  return {
    state,
    outputs: [
      { _tag: "CancelTimer", timer: "master-retry" },
      { _tag: "Note", note: { _tag: "LeaderPhase", ballot: configuration.ballot, phase: "Serving" } },
      { _tag: "Apply", through: boundThrough, answer: true },
      // What was in flight in the ballot before is bound, hence answered by this; but for what its own
      // acceptor had not taken in when it promised.
      ...unsettled(held === undefined ? [] : afterChosen(held.window, boundThrough)),
      ...servingTimers(before)
    ]
  }
}
