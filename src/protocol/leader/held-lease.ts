/** The lease of a leader: the least of what all its acceptors have granted it (section 6). */
import type { Ballot } from "../ids.ts"
import type { LeaderState, Serving } from "./state.ts"

/** Until when a leader may read without asking: a new leader needs one acceptor, so all have to promise. */
export const leaseUntilMs = ({ progress }: Pick<Serving, "progress">): number => {
  let least = Number.MAX_SAFE_INTEGER
  for (const of of progress.values()) least = Math.min(least, of.leaseUntilMs)
  return least
}

/**
 * Whether a leader holds a lease of `ballot` at `nowMs`. To be asked after an answer was computed, with the
 * clock read after it.
 */
export const holdsLease = (state: LeaderState, ballot: Ballot, nowMs: number): boolean =>
  state._tag === "Serving" && state.configuration.ballot === ballot && nowMs < leaseUntilMs(state)
