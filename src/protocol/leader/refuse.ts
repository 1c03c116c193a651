/** What a leader that does not serve, or no longer, says to its clients: nothing of theirs was done. */
import type { NodeId } from "../ids.ts"
import type { FromClient, Refusal } from "../messages.ts"
import { unsettled } from "../replication/window.ts"
import type { Free } from "../step.ts"
import type { LeaderInput } from "./input.ts"
import type { Held, LeaderState, ReadRound } from "./state.ts"

const notLeader = (leader: NodeId | undefined): Refusal => ({ _tag: "NotLeader", leader })

/** What of an input is from clients. */
export const clientsOf = (input: LeaderInput): ReadonlyArray<FromClient> => {
  if (input._tag === "Submit" || input._tag === "Query") return [input]
  return input._tag === "AskByRound" ? input.queries : []
}

const refuse = (input: FromClient, refusal: Refusal): Free =>
  input._tag === "Submit"
    ? { _tag: "RefuseSubmit", client: input.client, submission: input.submission, refusal }
    : { _tag: "RefuseQuery", client: input.client, question: input.question, refusal }

/** Refuses what comes to a leader that does not serve: it is on its way, or somebody else leads. */
export const refusals = (state: LeaderState, inputs: ReadonlyArray<FromClient>): ReadonlyArray<Free> => {
  const refusal: Refusal =
    state._tag === "Deposed" ? notLeader(state.successor) : { _tag: "Overloaded", retryAfterMs: 50 }
  return inputs.map((input) => refuse(input, refusal))
}

/** Gives up all that waits, in favour of the successor where there is one; what is in flight stays open. */
export const abandon = (
  state: Pick<Held, "window" | "pending" | "newReads">,
  reads: ReadonlyArray<ReadRound>,
  successor: NodeId | undefined
): ReadonlyArray<Free> => {
  const refusal = notLeader(successor)
  const queries = [...state.newReads, ...reads.flatMap((read) => read.queries)]
  return [
    ...unsettled(state.window),
    ...state.pending.map(
      ({ client, submission }): Free => ({ _tag: "RefuseSubmit", client, submission, refusal })
    ),
    ...queries.map((query) => refuse(query, refusal))
  ]
}
