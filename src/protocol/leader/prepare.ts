/**
 * From newBallot to a safe log: the request to the master, phase 1, and taking over the log of the one
 * acceptor that answers.
 */
import { type Configuration, isAcceptorOf, nodesOf } from "../configuration.ts"
import { type NodeId, noSlot, type Replica, type Slot, sameReplica, slotMax, slotPlus } from "../ids.ts"
import { runsLast } from "../log/run.ts"
import type { LogView } from "../log/view.ts"
import { type Accept, ballotRequestId, type MasterRequest, type Prepare, type Prepared } from "../messages.ts"
import { type Output, type Step, stay } from "../step.ts"
import { carrying } from "./carry.ts"
import { findSafe } from "./find-safe.ts"
import type { LeaderInput } from "./input.ts"
import type { Asking, Carrying, Preparing } from "./state.ts"

type Start = Extract<LeaderInput, { readonly _tag: "Start" }>

/** The request for a ballot, named by the token: a retry is the same request. */
export const newBallot = (
  self: Replica,
  { token, acceptors }: { readonly token: string; readonly acceptors: ReadonlyArray<Replica> }
): MasterRequest => ({ _tag: "NewBallot", requestId: ballotRequestId(token), leader: self, acceptors })

export const asking = (self: Replica, input: Start): Step<Asking> => {
  const request = newBallot(self, input)
  const { settings, token } = input
  return {
    state: { _tag: "Asking", self, settings, token, request, held: undefined },
    outputs: [
      { _tag: "AskMaster", request },
      { _tag: "SetTimer", timer: "master-retry", afterMs: input.settings.masterRetryMs }
    ]
  }
}

/** What a leader whose request for a ballot was refused was. */
export interface Refused {
  readonly _tag: "Refused"
  readonly state: Asking
  readonly reason: string
}

export const askingStep = (
  state: Asking,
  log: LogView,
  input: LeaderInput
): Step<Asking | Preparing | Refused> => {
  if (input._tag === "TimerFired" && input.timer === "master-retry") {
    const again: Output = { _tag: "SetTimer", timer: "master-retry", afterMs: state.settings.masterRetryMs }
    return stay(state, { _tag: "AskMaster", request: state.request }, again)
  }
  if (input._tag !== "FromMaster" || input.reply.requestId !== state.request.requestId) return stay(state)
  const { reply } = input
  if (reply._tag === "Refused") {
    return { state: { _tag: "Refused", state, reason: reply.reason }, outputs: [] }
  }
  if (reply._tag !== "Issued") return stay(state)
  return preparing(state, log, reply.configuration, reply.prev)
}

/**
 * A surviving acceptor of the previous configuration is by itself a read quorum of it: its phase 1 is local
 * (section 3 of the paper). Any other leader asks all of them and takes the first that answers.
 */
export const preparing = (
  before: Pick<Asking, "self" | "settings" | "token" | "held">,
  log: LogView,
  configuration: Configuration,
  prev: Configuration
): Step<Preparing> => {
  const { self, settings, token, held } = before
  const state: Preparing = {
    _tag: "Preparing",
    self,
    settings,
    token,
    configuration,
    prev,
    source: undefined,
    boundThrough: noSlot,
    fromSlot: slotPlus(log.last, 1),
    moved: false,
    copies: 0,
    copiedThrough: noSlot,
    held
  }
  return {
    state,
    outputs: [
      { _tag: "CancelTimer", timer: "master-retry" },
      { _tag: "Note", note: { _tag: "LeaderPhase", ballot: configuration.ballot, phase: "Preparing" } },
      ask(state),
      { _tag: "SetTimer", timer: "prepare-retry", afterMs: settings.retransmitAfterMs }
    ]
  }
}

const isLocal = (state: Preparing): boolean => isAcceptorOf(state.prev, state.self)

const ask = (state: Preparing): Output => {
  const { configuration, prev, source, fromSlot } = state
  const message: Prepare = { _tag: "Prepare", configuration, prev, fromSlot }
  const to: ReadonlyArray<NodeId> = isLocal(state)
    ? [state.self.node]
    : source === undefined
      ? nodesOf(prev)
      : [source.node]
  return { _tag: "Send", to, message }
}

export const prepareStep = (
  state: Preparing,
  log: LogView,
  input: LeaderInput
): Step<Preparing | Carrying> => {
  if (input._tag === "TimerFired" && input.timer === "prepare-retry") return retry(state, log)
  if (input._tag !== "FromAcceptor") return stay(state)
  const { from, message } = input
  if (message.ballot !== state.configuration.ballot) return stay(state)
  switch (message._tag) {
    case "Prepared":
      return onPrepared(state, log, from, message)
    case "Accepted":
      return isNewestCopy(state, from, message.round) ? onCopied(state, log) : stay(state)
    case "Gap": {
      if (!isNewestCopy(state, from, message.round)) return stay(state)
      const next = { ...state, fromSlot: slotPlus(message.hintSlot, 1) }
      return { state: next, outputs: [ask(next)] }
    }
    case "Nack":
      return stay(state)
  }
}

/** An answer to a copy from a source that was given up says nothing about the log of the next one. */
const isNewestCopy = (state: Preparing, from: Replica, round: number): boolean =>
  sameReplica(from, state.self) && state.source !== undefined && round === state.copies

/**
 * A source that fell silent is given up: any other acceptor of the previous configuration does as well. What
 * a snapshot has brought meanwhile is not asked for any more.
 */
const retry = (state: Preparing, log: LogView): Step<Preparing> => {
  const source = state.moved ? state.source : undefined
  const next = { ...state, source, moved: false, fromSlot: slotMax(state.fromSlot, log.first) }
  const again: Output = {
    _tag: "SetTimer",
    timer: "prepare-retry",
    afterMs: state.settings.retransmitAfterMs
  }
  return { state: next, outputs: [ask(next), again] }
}

const onPrepared = (
  state: Preparing,
  log: LogView,
  from: Replica,
  message: Prepared
): Step<Preparing | Carrying> => {
  if (state.source !== undefined && !sameReplica(from, state.source)) return stay(state)
  const safe = findSafe(state.prev, from, message)
  if (safe === undefined) return stay(state)
  if (sameReplica(safe.source, state.self)) return enterCarrying(state, log, safe.boundThrough)
  if (isLocal(state)) return stay(state)
  // The source has cut off what is asked for: this replica needs a snapshot first, and pulls it by itself.
  if (message.prevSlot >= state.fromSlot) return stay({ ...state, moved: true })
  const copies = state.copies + 1
  const { source, boundThrough } = safe
  const copiedThrough = runsLast(message.runs, message.prevSlot)
  const next: Preparing = { ...state, source, boundThrough, moved: true, copies, copiedThrough }
  // The log of another acceptor is copied into this node's own: the leader is an acceptor of its ballot and
  // reads only that one.
  const copy: Accept = {
    _tag: "Accept",
    configuration: state.configuration,
    prevSlot: message.prevSlot,
    prevSlotBallot: message.prevSlotBallot,
    runs: message.runs,
    chosen: noSlot,
    round: copies,
    leaseMs: 0
  }
  return { state: next, outputs: [{ _tag: "Send", to: [state.self.node], message: copy }] }
}

const onCopied = (state: Preparing, log: LogView): Step<Preparing | Carrying> => {
  const through = state.copiedThrough
  if (through >= state.boundThrough) return enterCarrying(state, log, state.boundThrough)
  const next = { ...state, fromSlot: slotPlus(through, 1), moved: true }
  return { state: next, outputs: [ask(next)] }
}

const enterCarrying = (state: Preparing, log: LogView, boundThrough: Slot): Step<Carrying> => {
  const { self, settings, token, configuration, prev, copies, held } = state
  const facts = { self, settings, token, configuration, prev, boundThrough, held }
  const step = carrying(facts, log, copies + 1)
  return { state: step.state, outputs: [{ _tag: "CancelTimer", timer: "prepare-retry" }, ...step.outputs] }
}
