/**
 * The leader of a ballot (figure 4 of the paper): from newBallot through phase 1, carry and activation to
 * serving.
 */
import { type Configuration, isAcceptorOf } from "../configuration.ts"
import type { Ballot, NodeId, Replica } from "../ids.ts"
import { noBallot } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import type { FromClient } from "../messages.ts"
import { type Output, type Step, stay, type TimerName } from "../step.ts"
import { awaitStep } from "./activate.ts"
import { admit } from "./admit.ts"
import { carryStep } from "./carry.ts"
import { farewell, type HandedOver } from "./hand-over.ts"
import type { LeaderInput } from "./input.ts"
import { asking, askingStep, prepareStep, type Refused } from "./prepare.ts"
import { askAgain } from "./reconfigure.ts"
import { abandon, clientsOf, refusals } from "./refuse.ts"
import { serveStep } from "./serve.ts"
import type { Deposed, Held, LeaderState, Lost, Serving } from "./state.ts"

export const idleLeader = (self: Replica): LeaderState => ({
  _tag: "Deposed",
  self,
  reason: "has not asked for a ballot"
})

/** The configuration that this leader leads or is about to lead. */
export const leads = (state: LeaderState): Configuration | undefined =>
  "configuration" in state ? state.configuration : undefined

const timers: ReadonlyArray<TimerName> = [
  "heartbeat",
  "retransmit",
  "master-retry",
  "prepare-retry",
  "hand-over"
]

/** What a leader on its way from one ballot of its own to the next keeps for its clients. */
const heldBy = (state: LeaderState): Held | undefined => ("held" in state ? state.held : undefined)

/**
 * One step of the leader. `log` is the log of the acceptor beside it. Inputs that come while it does not
 * serve are refused, so that clients know that nothing was done. `nowMs` is this node's monotonic clock, read
 * before anything of this step leaves.
 */
export const leaderStep = (
  state: LeaderState,
  log: LogView,
  input: LeaderInput,
  nowMs: number
): Step<LeaderState> => {
  if (input._tag === "Start") return state._tag === "Deposed" ? asking(state.self, input) : stay(state)
  const ballot = leads(state)?.ballot ?? heldBy(state)?.ballot ?? noBallot
  // Its own acceptor promised somebody else: the log is no longer this leader's to read (section 4, point 5).
  if (log.promised > ballot && ballot > noBallot)
    return refuseInputs(depose(state, `ballot ${log.promised}`), clientsOf(input))
  if (input._tag === "FromAcceptor" && !concerns(state, input.from)) return stay(state)
  if (input._tag === "FromAcceptor" && input.message._tag === "Nack") {
    return outranked(ballot, input.message.ballot, input.message.promised)
      ? depose(state, `ballot ${input.message.promised}`)
      : stay(state)
  }
  if (state._tag === "Serving") return settle(serveStep(state, log, input, nowMs))
  if (state._tag !== "Deposed" && input._tag === "Reconfigure") return askAgain(state, input)
  const fromClients = clientsOf(input)
  if (fromClients.length > 0) return hold(state, fromClients, nowMs)
  return settle(onTheWay(state, log, input, nowMs))
}

const onTheWay = (
  state: Exclude<LeaderState, Serving>,
  log: LogView,
  input: LeaderInput,
  nowMs: number
): Step<LeaderState | Lost | Refused> => {
  switch (state._tag) {
    case "Deposed":
      return stay(state)
    case "Asking":
      return askingStep(state, log, input)
    case "Preparing":
      return prepareStep(state, log, input)
    case "Carrying":
      return carryStep(state, log, input)
    case "Awaiting":
      return awaitStep(state, log, input, nowMs)
  }
}

/** Whether a replica has a say: a stranger, or a node that came back with another disk, has none. */
const concerns = (state: LeaderState, from: Replica): boolean => {
  const configuration = leads(state)
  if (configuration === undefined) return false
  return isAcceptorOf(configuration, from) || ("prev" in state && isAcceptorOf(state.prev, from))
}

const outranked = (mine: Ballot, refused: Ballot, promised: Ballot): boolean =>
  refused === mine && promised > mine

const settle = (step: Step<LeaderState | Lost | Refused | HandedOver>): Step<LeaderState> => {
  const { state, outputs } = step
  if (state._tag === "HandedOver") return handedOver(state, outputs)
  if (state._tag !== "Lost" && state._tag !== "Refused") return { state, outputs }
  return depose(state.state, state._tag === "Lost" ? state.reason : `the master's refusal: ${state.reason}`)
}

/** Leads no more before it says so: nobody may read under a lease that is given back. */
const handedOver = ({ state, to }: HandedOver, outputs: ReadonlyArray<Output>): Step<LeaderState> => {
  const deposed = depose(state, "a hand-over", to.node)
  // Where the hand-over took all the time that it had, the successor needs some all the same.
  const leavesUntilMs = state.handOver && state.handOver.byMs + state.settings.handOverWithinMs
  return {
    state: { ...deposed.state, leavesUntilMs },
    outputs: [...outputs, ...deposed.outputs, ...farewell(state, to)]
  }
}

/** Stops leading at once. What was not sent was not done; what was in flight may still take effect. */
const depose = (state: LeaderState, by: string, successor?: NodeId): Step<Deposed> => {
  const outputs: Array<Output> = timers.map((timer) => ({ _tag: "CancelTimer", timer }))
  if (state._tag === "Serving") outputs.push(...abandon(state, state.reads, successor))
  const held = heldBy(state)
  if (held !== undefined) outputs.push(...abandon(held, [], successor))
  const ballot = leads(state)?.ballot ?? noBallot
  outputs.push({ _tag: "Note", note: { _tag: "LeaderPhase", ballot, phase: "Deposed" } })
  return { state: { _tag: "Deposed", self: state.self, reason: `deposed by ${by}`, successor }, outputs }
}

/**
 * A leader that goes on to its next ballot keeps what comes from clients. Any other that does not serve
 * refuses it, so that they know that nothing was done.
 */
const hold = (
  state: Exclude<LeaderState, Serving>,
  inputs: ReadonlyArray<FromClient>,
  nowMs: number
): Step<LeaderState> => {
  if (state._tag === "Deposed" || state.held === undefined) return refuseInputs(stay(state), inputs)
  let { held } = state
  const outputs: Array<Output> = []
  for (const input of inputs) {
    const step = admit(held, state.settings, input, nowMs)
    held = step.state
    outputs.push(...step.outputs)
  }
  return { state: { ...state, held }, outputs }
}

/** Adds the refusal of clients' inputs to a step of a leader that does not serve. */
const refuseInputs = (step: Step<LeaderState>, inputs: ReadonlyArray<FromClient>): Step<LeaderState> =>
  inputs.length === 0
    ? step
    : { state: step.state, outputs: [...step.outputs, ...refusals(step.state, inputs)] }
