/**
 * Rounds taken out of a model: the numbers by which leaders tell an old answer from a new one grow with every
 * sending, and would tell apart states that nothing else tells apart.
 */
import type { AcceptorState } from "../../../protocol/acceptor.ts"
import type { Ballot } from "../../../protocol/ids.ts"
import type { LeaderState, Preparing } from "../../../protocol/leader-state.ts"
import type { Accepted, FromAcceptor, ToAcceptor } from "../../../protocol/messages.ts"
import type { Free, Persist } from "../../../protocol/step.ts"
import type { NodeModel } from "./node-model.ts"

const oldRound = 1
const newestCopy = 2

/**
 * All sendings of a ballot have round 1. Besides confirming reads, which a model without rounds cannot have,
 * rounds let a leader pass over a Gap that is older than what it knows. Without them it takes every Gap: more
 * can happen than in truth, nothing less. Of the copies into its own log a leader still knows the newest.
 */
export const withoutRounds = (node: NodeModel): NodeModel => {
  const { leader, unsynced } = node
  const isNewest = ({ ballot, round }: { readonly ballot: Ballot; readonly round: number }): boolean =>
    leader._tag === "Preparing" && ballot === leader.configuration.ballot && round === leader.copies
  return {
    ...node,
    acceptor: withoutDates(node.acceptor, roundless),
    leader: "round" in leader ? settled(leader) : leader._tag === "Preparing" ? renumbered(leader) : leader,
    unsynced: unsynced.map((write) => renumberedRelease(write, isNewest))
  }
}

/** It can be made to pay what it owes at any time; since when it owes it makes no difference. */
export const withoutDates = (
  acceptor: AcceptorState,
  numbered: (accepted: Accepted) => Accepted
): AcceptorState => {
  const { owing } = acceptor
  if (owing === undefined) return acceptor
  const paidAtMs = owing.paidAtMs < 0 ? Number.NEGATIVE_INFINITY : 0
  const accepted = owing.debt && numbered(owing.debt.accepted)
  const debt = owing.debt && accepted && { ...owing.debt, sinceMs: 0, accepted }
  return { ...acceptor, owing: { paidAtMs, isTimed: false, debt } }
}

type Leading = Extract<LeaderState, { readonly round: number }>

const settled = (leader: Leading): Leading => {
  const progress = new Map(
    [...leader.progress].map(([node, of]) => [node, { ...of, confirmed: Math.min(1, of.confirmed) }] as const)
  )
  return { ...leader, round: oldRound, progress }
}

const renumbered = (leader: Preparing): Preparing => ({ ...leader, copies: newestCopy })

const renumberedRelease = (
  write: Persist,
  isNewest: (answer: { readonly ballot: Ballot; readonly round: number }) => boolean
): Persist => ({
  ...write,
  release: write.release.map((free): Free => {
    if (free._tag !== "Send" || !("round" in free.message) || !("ballot" in free.message)) return free
    const round = isNewest(free.message) ? newestCopy : oldRound
    return { ...free, message: { ...free.message, round } }
  })
})

export const roundless = <M extends ToAcceptor | FromAcceptor>(message: M): M =>
  "round" in message ? { ...message, round: oldRound } : message
