/**
 * Rounds taken out of a model: the numbers by which leaders tell an old answer from a new one grow with every
 * sending, and would tell apart states that nothing else tells apart.
 */
import type { AcceptorState } from "../../../protocol/acceptor/acceptor.ts"
import type { Ballot } from "../../../protocol/ids.ts"
import type { LeaderState, Preparing } from "../../../protocol/leader/state.ts"
import type { Accepted, FromAcceptor, ToAcceptor } from "../../../protocol/messages.ts"
import type { Free, Persist } from "../../../protocol/step.ts"
import type { NodeModel } from "./node-model.ts"

const oldRound = 1
/** That of the question that waits, and of whatever its leader has sent since. */
const readRound = 2
const newestCopy = 2

/** A question waits at the leader for its round. */
export const isReading = (leader: LeaderState): boolean =>
  leader._tag === "Serving" && leader.reads.length > 0

/**
 * All sendings of a ballot have round 1; while a question waits for its round, those since it came have 2.
 * Besides confirming reads, rounds let a leader pass over a Gap that is older than what it knows. Here it
 * takes every Gap of the same round: more can happen than in truth, nothing less. Of the copies into its own
 * log a leader still knows the newest.
 */
export const withoutRounds = (node: NodeModel): NodeModel => {
  const { leader, unsynced } = node
  const isNewest = ({ ballot, round }: { readonly ballot: Ballot; readonly round: number }): boolean =>
    leader._tag === "Preparing" && ballot === leader.configuration.ballot && round === leader.copies
  return {
    ...node,
    acceptor: withoutDates(node.acceptor, old),
    leader: "round" in leader ? settled(leader) : leader._tag === "Preparing" ? renumbered(leader) : leader,
    unsynced: unsynced.map((write) => renumberedRelease(write, isNewest))
  }
}

const old = (accepted: Accepted): Accepted => ({ ...accepted, round: oldRound })

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
  const newest = isReading(leader) ? readRound : oldRound
  const progress = new Map(
    [...leader.progress].map(
      ([node, of]) => [node, { ...of, confirmed: Math.min(newest, of.confirmed) }] as const
    )
  )
  return { ...leader, round: isReading(leader) ? Math.min(newest, leader.round) : oldRound, progress }
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

/** A message as it leaves a node of which the leader is this. */
export const roundless = <M extends ToAcceptor | FromAcceptor>(message: M, leader: LeaderState): M => {
  if (!("round" in message)) return message
  // An answer is as old as what it answers.
  const newest = message._tag !== "Accept" || isReading(leader) ? readRound : oldRound
  return { ...message, round: Math.min(newest, message.round) }
}
