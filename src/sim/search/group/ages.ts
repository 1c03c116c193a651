/** Rounds as ages, in a model with leases: what counts for a lease is told apart by when it was sent. */
import type { Serving } from "../../../protocol/leader/state.ts"
import type { FromAcceptor, ToAcceptor } from "../../../protocol/messages.ts"
import { newestRound, oldestRound } from "./clock.ts"
import type { NodeModel } from "./node-model.ts"
import { withoutDates, withoutRounds } from "./rounds.ts"

/** The message as it leaves: an Accept is of this tick, an answer as old as what it answers. */
export const sentNow = <M extends ToAcceptor | FromAcceptor>(message: M): M => {
  if (!("round" in message)) return message
  if (message._tag === "Accept") return { ...message, round: message.leaseMs > 0 ? newestRound : oldestRound }
  return { ...message, round: message._tag === "Gap" ? oldestRound : Math.min(message.round, newestRound) }
}

/** A node whose rounds are ages. */
export const withAges = (before: NodeModel): NodeModel => {
  const node = { ...withoutRounds(before), acceptor: withoutDates(before.acceptor, sentNow) }
  const { leader } = node
  // For how long it leaves the lead to its successor is for the detectors to heed.
  if (leader._tag === "Deposed")
    return { ...node, leader: { ...leader, successor: undefined, leavesUntilMs: undefined } }
  if (!("round" in leader)) return node
  if (leader._tag !== "Serving") return { ...node, leader: { ...leader, round: newestRound } }
  return { ...node, leader: servingNow(leader) }
}

const atMost = (after: number): number => Math.min(after, newestRound - 1)

const servingNow = (leader: Serving): Serving => ({
  ...leader,
  round: newestRound,
  // A beat is always due.
  beatRound: newestRound,
  sendings: leader.sendings.map(({ after, atMs }) => ({ after: atMost(after), atMs })),
  invited: leader.invited && { ...leader.invited, after: atMost(leader.invited.after) }
})
