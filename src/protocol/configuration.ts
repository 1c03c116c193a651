/**
 * Who votes in a ballot and who leads it (the paper's configuration of ballot b, with Niobe's generation).
 */
import { type Ballot, type NodeId, type Replica, sameReplica } from "./ids.ts"

/**
 * The acceptors and the leader of one ballot. `generation` counts the failed acceptors that the master has
 * taken out since the ballot was activated (section 5 of the paper); a change of generation needs no new
 * ballot.
 */
export interface Configuration {
  readonly ballot: Ballot
  readonly generation: number
  readonly leader: Replica
  readonly acceptors: ReadonlyArray<Replica>
}

/** Where a ballot was issued from: the configuration that was active then. */
export interface Origin {
  readonly ballot: Ballot
  readonly generation: number
}

export const originOf = (configuration: Configuration): Origin => ({
  ballot: configuration.ballot,
  generation: configuration.generation
})

export const isAcceptorOf = (configuration: Configuration, replica: Replica): boolean =>
  configuration.acceptors.some((acceptor) => sameReplica(acceptor, replica))

/** Whether one is of a later ballot, or of a later generation of the same. */
export const isNewer = (one: Configuration, other: Configuration): boolean =>
  one.ballot > other.ballot || (one.ballot === other.ballot && one.generation > other.generation)

/** The newer of two configurations that may not be known. */
export const newerOf = (
  one: Configuration | undefined,
  other: Configuration | undefined
): Configuration | undefined =>
  one === undefined || (other !== undefined && isNewer(other, one)) ? other : one

export const nodesOf = (configuration: Configuration): ReadonlyArray<NodeId> =>
  configuration.acceptors.map((acceptor) => acceptor.node)

/** What is wrong with a set of acceptors and its leader, or undefined where nothing is. */
export const misformed = (leader: Replica, acceptors: ReadonlyArray<Replica>): string | undefined => {
  if (acceptors.length === 0) return "a configuration needs at least one acceptor"
  if (new Set(acceptors.map((acceptor) => acceptor.node)).size < acceptors.length) {
    return "a node can be an acceptor only once"
  }
  if (!acceptors.some((acceptor) => sameReplica(acceptor, leader)))
    return "the leader must be one of the acceptors"
  return undefined
}
