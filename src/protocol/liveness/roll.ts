/**
 * The roll of a node: the groups that it leads in silence, said now and then for all of them at once. Whoever
 * hears it, and knows less, has the leader speak again.
 */
import type { AcceptorState } from "../acceptor/acceptor.ts"
import { type Configuration, isAcceptorOf, newerOf } from "../configuration.ts"
import type { Ballot, GroupId, Slot } from "../ids.ts"
import { isCalm } from "../leader/quiet.ts"
import type { LeaderState } from "../leader/state.ts"

/** A group that a node leads in silence. */
export interface RollEntry {
  readonly group: GroupId
  readonly ballot: Ballot
  readonly generation: number
  readonly chosen: Slot
}

/** The sender leads these groups, and has nothing to say in them. */
export interface Roll {
  readonly _tag: "Roll"
  readonly entries: ReadonlyArray<RollEntry>
}

/** To a leader that is silent in `ballot`: somebody does not know what it knows. */
export interface Rouse {
  readonly _tag: "Rouse"
  readonly ballot: Ballot
}

/** What a node's roll says of a group; undefined where it does not lead it in silence, or soon will. */
export const rollEntryOf = (group: GroupId, state: LeaderState, nowMs: number): RollEntry | undefined => {
  if (state._tag !== "Serving" || !isCalm(state, nowMs)) return undefined
  const { ballot, generation } = state.configuration
  return { group, ballot, generation, chosen: state.chosen }
}

/**
 * What a replica makes of an entry. `Content`: it votes, and has all there is. `Outside`: the group is led,
 * without its vote. `Rouse`: one of the two knows less than the other; an Accept will show it.
 */
export type RollHeard = "Content" | "Outside" | "Rouse"

/** `active` is the newest configuration that this replica knows to have been active. */
export const hearRollEntry = (
  { self, promised, chosen, configuration }: AcceptorState,
  active: Configuration | undefined,
  entry: RollEntry
): RollHeard => {
  const newest = newerOf(configuration, active)
  // A ballot above is promised, and the silent leader has to be told: it is over, or is to begin again.
  if (promised > entry.ballot || newest === undefined) return "Rouse"
  if (newest.ballot !== entry.ballot || newest.generation !== entry.generation) return "Rouse"
  if (!isAcceptorOf(newest, self)) return "Outside"
  return chosen < entry.chosen ? "Rouse" : "Content"
}
