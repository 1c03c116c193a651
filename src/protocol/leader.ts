/**
 * The leader of a ballot (figure 4 of the paper): from newBallot through phase 1, carry and activation to
 * serving.
 */
import { type Configuration, isAcceptorOf } from "./configuration.ts"
import type { Ballot, Replica } from "./ids.ts"
import { noBallot } from "./ids.ts"
import { awaitStep } from "./leader-activate.ts"
import { admit } from "./leader-admit.ts"
import { carryStep } from "./leader-carry.ts"
import type { LeaderInput } from "./leader-input.ts"
import { asking, askingStep, prepareStep, type Refused } from "./leader-prepare.ts"
import { askAgain } from "./leader-reconfigure.ts"
import { serveStep } from "./leader-serve.ts"
import type { Held, LeaderState, Lost, ReadRound, Serving } from "./leader-state.ts"
import type { LogView } from "./log-view.ts"
import type { FromClient, Refusal } from "./messages.ts"
import { type Free, type Output, type Step, stay, type TimerName } from "./step.ts"
import { unsettled } from "./window.ts"

export const idleLeader = (self: Replica): LeaderState => ({
  _tag: "Deposed",
  self,
  reason: "has not asked for a ballot"
})

/** The configuration that this leader leads or is about to lead. */
export const leads = (state: LeaderState): Configuration | undefined =>
  "configuration" in state ? state.configuration : undefined

const timers: ReadonlyArray<TimerName> = ["heartbeat", "retransmit", "master-retry", "prepare-retry"]

/** What a leader on its way from one ballot of its own to the next keeps for its clients. */
const heldBy = (state: LeaderState): Held | undefined => ("held" in state ? state.held : undefined)

/**
 * One step of the leader. `log` is the log of the acceptor beside it. Inputs that come while it does not
 * serve are refused, so that clients know that nothing was done.
 */
export const leaderStep = (state: LeaderState, log: LogView, input: LeaderInput): Step<LeaderState> => {
  if (input._tag === "Start") return state._tag === "Deposed" ? asking(state.self, input) : stay(state)
  const ballot = leads(state)?.ballot ?? heldBy(state)?.ballot ?? noBallot
  // Its own acceptor promised somebody else: the log is no longer this leader's to read (section 4, point 5).
  if (log.promised > ballot && ballot > noBallot)
    return refuseInput(depose(state, `ballot ${log.promised}`), input)
  if (input._tag === "FromAcceptor" && !concerns(state, input.from)) return stay(state)
  if (input._tag === "FromAcceptor" && input.message._tag === "Nack") {
    return outranked(ballot, input.message.ballot, input.message.promised)
      ? depose(state, `ballot ${input.message.promised}`)
      : stay(state)
  }
  if (state._tag === "Serving") return settle(serveStep(state, log, input))
  if (state._tag !== "Deposed" && input._tag === "Reconfigure") return askAgain(state, input)
  if (input._tag === "Submit" || input._tag === "Query") return hold(state, input)
  return settle(onTheWay(state, log, input))
}

const onTheWay = (
  state: Exclude<LeaderState, Serving>,
  log: LogView,
  input: LeaderInput
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
      return awaitStep(state, log, input)
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

const settle = (step: Step<LeaderState | Lost | Refused>): Step<LeaderState> => {
  const { state, outputs } = step
  if (state._tag !== "Lost" && state._tag !== "Refused") return { state, outputs }
  return depose(state.state, state._tag === "Lost" ? state.reason : `the master's refusal: ${state.reason}`)
}

/** Stops leading at once. What was not sent was not done; what was in flight may still take effect. */
const depose = (state: LeaderState, by: string): Step<LeaderState> => {
  const outputs: Array<Output> = timers.map((timer) => ({ _tag: "CancelTimer", timer }))
  if (state._tag === "Serving") outputs.push(...abandon(state, state.reads))
  const held = heldBy(state)
  if (held !== undefined) outputs.push(...abandon(held, []))
  const ballot = leads(state)?.ballot ?? noBallot
  outputs.push({ _tag: "Note", note: { _tag: "LeaderPhase", ballot, phase: "Deposed" } })
  return { state: { _tag: "Deposed", self: state.self, reason: `deposed by ${by}` }, outputs }
}

const notLeader: Refusal = { _tag: "NotLeader", leader: undefined }

const abandon = (
  state: Pick<Held, "window" | "pending" | "newReads">,
  reads: ReadonlyArray<ReadRound>
): ReadonlyArray<Free> => [
  ...unsettled(state.window),
  ...state.pending.map(
    ({ client, submission }): Free => ({ _tag: "RefuseSubmit", client, submission, refusal: notLeader })
  ),
  ...[...state.newReads, ...reads.flatMap((read) => read.queries)].map(
    ({ client, question }): Free => ({ _tag: "RefuseQuery", client, question, refusal: notLeader })
  )
]

/**
 * A leader that goes on to its next ballot keeps what comes from clients. Any other that does not serve
 * refuses it, so that they know that nothing was done.
 */
const hold = (state: Exclude<LeaderState, Serving>, input: FromClient): Step<LeaderState> => {
  if (state._tag !== "Deposed" && state.held !== undefined) {
    const { state: held, outputs } = admit(state.held, state.settings, input)
    return { state: { ...state, held }, outputs }
  }
  return refuseInput(stay(state), input)
}

/** Adds the refusal of a client's input to a step of a leader that does not serve. */
const refuseInput = (step: Step<LeaderState>, input: LeaderInput): Step<LeaderState> => {
  if (input._tag !== "Submit" && input._tag !== "Query") return step
  const refusal: Refusal =
    step.state._tag === "Deposed" ? notLeader : { _tag: "Overloaded", retryAfterMs: 50 }
  const refused: Free =
    input._tag === "Submit"
      ? { _tag: "RefuseSubmit", client: input.client, submission: input.submission, refusal }
      : { _tag: "RefuseQuery", client: input.client, question: input.question, refusal }
  return { state: step.state, outputs: [...step.outputs, refused] }
}
