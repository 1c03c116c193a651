/** Activation and serving: proposals in batches, counting acknowledgements, confirming reads (figure 4, phase 2 of new values). */
import type { Configuration, Origin } from "./configuration.ts"
import { countClientEntries, startedEntry } from "./entry.ts"
import { ClientId, type Replica, type Slot } from "./ids.ts"
import { type CarryFacts, type Carrying, resend, type Sent, sendMore } from "./leader-carry.ts"
import type { LeaderInput } from "./leader-input.ts"
import type { LogView } from "./log-view.ts"
import type { Accepted, Gap, MasterReply, MasterRequest, Query, Refusal, Submit } from "./messages.ts"
import {
  acknowledge,
  emptyAccept,
  leastAcknowledged,
  leastConfirmed,
  nextRound,
  type Replication,
  stepBack
} from "./progress.ts"
import { propose } from "./propose.ts"
import { type Output, type Step, stay } from "./step.ts"
import { afterChosen, type Pending, type Window } from "./window.ts"

/** All bound slots are acknowledged; the master is asked to activate the ballot. No command is proposed before it has. */
export interface Awaiting extends CarryFacts, Replication {
  readonly _tag: "Awaiting"
  readonly request: MasterRequest
}

/** Reads that wait until every acceptor has answered `round`: then no other ballot had been activated when they came. */
export interface ReadRound {
  readonly round: number
  readonly slot: Slot
  readonly queries: ReadonlyArray<Query>
}

/** The ballot is active: commands are proposed in consecutive slots, many in flight. */
export interface Serving extends CarryFacts, Replication {
  readonly _tag: "Serving"
  readonly window: Window
  readonly pending: ReadonlyArray<Pending>
  readonly pendingBytes: number
  readonly atMs: number
  readonly reads: ReadonlyArray<ReadRound>
  readonly newReads: ReadonlyArray<Query>
  /** The round at the last heartbeat: while rounds go on by themselves, no heartbeat is due. */
  readonly beatRound: number
}

export const awaiting = (state: Carrying, prev: Origin): Step<Awaiting> => {
  const { configuration, token, settings } = state
  const request: MasterRequest = {
    _tag: "Complete",
    requestId: `${token}/complete`,
    ballot: configuration.ballot,
    prev
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

/** What a leader that lost to another ballot was. */
export interface Lost {
  readonly _tag: "Lost"
  readonly state: Awaiting
}

export const awaitStep = (
  state: Awaiting,
  log: LogView,
  input: LeaderInput
): Step<Awaiting | Serving | Lost> => {
  if (input._tag === "TimerFired" && input.timer === "master-retry") {
    const again: Output = { _tag: "SetTimer", timer: "master-retry", afterMs: state.settings.masterRetryMs }
    return stay(state, { _tag: "AskMaster", request: state.request }, again)
  }
  if (input._tag !== "FromMaster" || input.reply.requestId !== state.request.requestId) return stay(state)
  const { reply } = input
  if (reply._tag === "Activated" && reply.configuration.ballot === state.configuration.ballot)
    return serving(inConfiguration(state, reply.configuration), log)
  return { state: { _tag: "Lost", state }, outputs: [] }
}

const serving = (before: Awaiting, log: LogView): Step<Serving> => {
  const { request: _, ...facts } = before
  const { settings, configuration, boundThrough, round } = before
  const tail = boundThrough === 0 ? undefined : log.read(boundThrough, boundThrough, 1)[0]
  // The first entry of a ballot says that a new leader began: sessions are not to expire for the time without one.
  const started: Pending = { client: ClientId(""), submission: 0, bytes: startedEntry, count: 1 }
  const state: Serving = {
    ...facts,
    _tag: "Serving",
    chosen: boundThrough,
    window: [],
    pending: [started],
    pendingBytes: startedEntry.length,
    atMs: tail?.atMs ?? 0,
    reads: [],
    newReads: [],
    beatRound: round
  }
  return {
    state,
    outputs: [
      { _tag: "CancelTimer", timer: "master-retry" },
      { _tag: "Note", note: { _tag: "LeaderPhase", ballot: configuration.ballot, phase: "Serving" } },
      { _tag: "Apply", through: boundThrough, answer: true },
      { _tag: "SetTimer", timer: "heartbeat", afterMs: settings.heartbeatIntervalMs },
      { _tag: "SetTimer", timer: "retransmit", afterMs: settings.retransmitAfterMs }
    ]
  }
}

export const serveStep = (state: Serving, log: LogView, input: LeaderInput): Step<Serving> => {
  switch (input._tag) {
    case "Submit":
      return submit(state, input)
    case "Query":
      return ask(state, input)
    case "Flush":
      return flush(state, log, input.wallMs)
    case "FromAcceptor":
      if (input.message._tag === "Accepted") return onAccepted(state, log, input.from, input.message)
      if (input.message._tag === "Gap") return onGap(state, log, input.from, input.message)
      return stay(state)
    case "TimerFired":
      if (input.timer === "heartbeat") return beat(state, log)
      if (input.timer === "retransmit") return resendLate(state, log)
      return stay(state)
    case "FromMaster":
      return retired(state, log, input.reply)
    case "Start":
      return stay(state)
  }
}

const submit = (state: Serving, input: Submit): Step<Serving> => {
  const { client, submission, bytes } = input
  const refuse = (refusal: Refusal): Step<Serving> =>
    stay(state, { _tag: "RefuseSubmit", client, submission, refusal })
  const count = countClientEntries(bytes)
  if (count === undefined || count === 0) {
    return refuse({ _tag: "Malformed", reason: "these bytes are no client's entries" })
  }
  if (state.pendingBytes + bytes.length > state.settings.pendingMaxBytes) {
    return refuse({ _tag: "Overloaded", retryAfterMs: 20 })
  }
  const pending = [...state.pending, { client, submission, bytes, count }]
  return stay({ ...state, pending, pendingBytes: state.pendingBytes + bytes.length })
}

const ask = (state: Serving, query: Query): Step<Serving> =>
  state.newReads.length >= state.settings.questionsMax
    ? stay(state, {
        _tag: "RefuseQuery",
        client: query.client,
        question: query.question,
        refusal: { _tag: "Overloaded", retryAfterMs: 20 }
      })
    : stay({ ...state, newReads: [...state.newReads, query] })

/** Sends what has gathered: batches while the window has room, and one round for all reads that came since the last. */
const flush = (before: Serving, log: LogView, wallMs: number): Step<Serving> => {
  let state = before
  const outputs: Array<Output> = []
  while (state.pending.length > 0 && state.window.length < state.settings.windowMax) {
    const proposed = propose(state, log, wallMs)
    state = proposed.state
    outputs.push(...proposed.outputs)
  }
  const reading = confirmReads(state, log, outputs.length > 0)
  return { state: reading.state, outputs: [...outputs, ...reading.outputs] }
}

/** A read needs an answer of every acceptor to something sent after it came; a proposal that goes out anyway serves as well. */
const confirmReads = (state: Serving, log: LogView, proposed: boolean): Step<Serving> => {
  if (state.newReads.length === 0) return stay(state)
  const numbered = proposed ? state : nextRound(state)
  const { round, chosen: slot } = numbered
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
  const { state, outputs } = settled({ ...before, progress: acknowledge(before, from, message) })
  return withSent(state, outputs, sendMore(state, log, from))
}

/** The same ballot with the acceptors of this generation: the progress of who was taken out counts no more. */
const inConfiguration = <R extends Replication>(replication: R, configuration: Configuration): R => {
  const { progress } = replication
  const kept = configuration.acceptors.map(
    (acceptor) => [acceptor.node, progress.get(acceptor.node)!] as const
  )
  return { ...replication, configuration, progress: new Map(kept) }
}

/** The master took an acceptor out of this ballot: from its answer on, slots are chosen without that one (section 4, point 6). */
const retired = (state: Serving, log: LogView, reply: MasterReply): Step<Serving> => {
  if (reply._tag !== "Activated") return stay(state)
  const { ballot, generation } = reply.configuration
  if (ballot !== state.configuration.ballot || generation <= state.configuration.generation)
    return stay(state)
  const step = settled(inConfiguration(state, reply.configuration))
  const told = nextRound(step.state)
  return { state: told, outputs: [...step.outputs, toAll(told, log)] }
}

/** What the acknowledgements counted so far make chosen, and which reads they confirm. */
const settled = (before: Serving): Step<Serving> => {
  const chosen = leastAcknowledged(before)
  let state = before
  const outputs: Array<Output> = []
  if (chosen > before.chosen) {
    // Chosen: all acceptors of this generation have synced it, this node's own included.
    state = { ...state, chosen, window: afterChosen(state.window, chosen) }
    outputs.push({ _tag: "Apply", through: chosen, answer: true })
  }
  const confirmed = leastConfirmed(state)
  if (state.reads.some((read) => read.round <= confirmed)) {
    for (const { round, slot, queries } of state.reads) {
      if (round <= confirmed) outputs.push({ _tag: "Answer", slot, queries })
    }
    state = { ...state, reads: state.reads.filter((read) => read.round > confirmed) }
  }
  return { state, outputs }
}

const onGap = (before: Serving, log: LogView, from: Replica, message: Gap): Step<Serving> => {
  const state = { ...before, progress: stepBack(before, log, from, message) }
  return withSent(state, [], sendMore(state, log, from))
}

const withSent = (state: Serving, outputs: ReadonlyArray<Output>, sent: Sent): Step<Serving> => ({
  state: { ...state, ...sent.change },
  outputs: [...outputs, ...sent.outputs]
})

/** Keeps followers informed of what is chosen, and repeats the question for reads whose round was lost. */
const beat = (before: Serving, log: LogView): Step<Serving> => {
  const timer: Output = { _tag: "SetTimer", timer: "heartbeat", afterMs: before.settings.heartbeatIntervalMs }
  if (before.round > before.beatRound && before.reads.length === 0) {
    return stay({ ...before, beatRound: before.round }, timer)
  }
  const state = nextRound(before)
  return stay({ ...state, beatRound: state.round }, toAll(state, log), timer)
}

const resendLate = (state: Serving, log: LogView): Step<Serving> => {
  const timer: Output = { _tag: "SetTimer", timer: "retransmit", afterMs: state.settings.retransmitAfterMs }
  return withSent(state, [timer], resend(state, log))
}
