/**
 * A leader changes its own acceptors: it serves on while the master issues its next ballot, then goes through
 * that ballot with what its clients have given it in its hands.
 */
import type { Ballot } from "../ids.ts"
import type { LogView } from "../log/view.ts"
import { type MasterReply, tokenOfBallot } from "../messages.ts"
import { type Output, type Step, stay } from "../step.ts"
import type { LeaderInput } from "./input.ts"
import { newBallot, preparing } from "./prepare.ts"
import type { Asking, Awaiting, Carrying, Held, Lost, Preparing, Serving } from "./state.ts"

type Reconfigure = Extract<LeaderInput, { readonly _tag: "Reconfigure" }>

/** Asks for the next ballot. Nothing changes until the master has issued it. */
export const reconfigure = (state: Serving, input: Reconfigure): Step<Serving> => {
  const next = newBallot(state.self, input)
  return stay({ ...state, next, refused: undefined }, ...asked(state, next))
}

/**
 * A ballot on its way is given up for another one, of other acceptors: an acceptor that it waits for may have
 * failed. Only the latest issued can become active, so the one given up never does.
 */
export const askAgain = (
  state: Asking | Preparing | Carrying | Awaiting,
  input: Reconfigure
): Step<Asking> => {
  const { self, settings } = state
  const request = newBallot(self, input)
  // Its own acceptor has promised the ballot that is given up: that is no sign of a rival.
  const ballot = "configuration" in state ? state.configuration.ballot : state.held?.ballot
  const held = state.held && ballot && { ...state.held, ballot }
  return {
    state: { _tag: "Asking", self, settings, token: input.token, request, held },
    outputs: [
      { _tag: "CancelTimer", timer: "prepare-retry" },
      { _tag: "CancelTimer", timer: "retransmit" },
      ...asked(state, request)
    ]
  }
}

const asked = (
  { settings }: Pick<Serving, "settings">,
  request: NonNullable<Serving["next"]>
): ReadonlyArray<Output> => [
  { _tag: "AskMaster", request },
  { _tag: "SetTimer", timer: "master-retry", afterMs: settings.masterRetryMs }
]

/** The request for the next ballot once more: messages get lost. */
export const retryNext = (state: Serving): Step<Serving> =>
  state.next === undefined ? stay(state) : stay(state, ...asked(state, state.next))

/**
 * The master answered the request for the next ballot. Issued against another ballot than this one, it comes
 * too late: somebody else has been activated meanwhile.
 */
export const answered = (
  state: Serving,
  log: LogView,
  reply: MasterReply
): Step<Serving | Preparing | Lost> => {
  if (reply._tag === "Refused") {
    const { requestId, reason } = reply
    return stay(
      { ...state, next: undefined, refused: { requestId, reason } },
      { _tag: "CancelTimer", timer: "master-retry" }
    )
  }
  if (reply._tag !== "Issued") return stay(state)
  if (reply.prev.ballot !== state.configuration.ballot) {
    return { state: { _tag: "Lost", state, reason: "the master activated another ballot" }, outputs: [] }
  }
  const token = tokenOfBallot(reply.requestId)
  const step = preparing({ ...state, token, held: heldOf(state) }, log, reply.configuration, reply.prev)
  return {
    state: step.state,
    outputs: [
      { _tag: "CancelTimer", timer: "heartbeat" },
      { _tag: "CancelTimer", timer: "retransmit" },
      ...step.outputs
    ]
  }
}

/**
 * Reads whose round is out wait for one of the next ballot: an answer in this one is not looked at any more.
 */
const heldOf = (state: Serving): Held => {
  const { window, pending, pendingBytes, atMs, newReads, reads } = state
  const ballot: Ballot = state.configuration.ballot
  const waiting = [...reads.flatMap((read) => read.queries), ...newReads]
  return { ballot, window, pending, pendingBytes, atMs, newReads: waiting }
}
