/**
 * One active configuration: activated ballots strictly increase, generations by one (protocol, section 9,
 * point 3).
 */
import type { Configuration } from "../configuration.ts"
import type { Law } from "./cluster-view.ts"

/** Also: who serves a ballot is its leader, and the ballot was activated before. */
export const oneActive: Law = {
  name: "one active configuration",
  section: "9.3",
  watch: () => {
    let seen = 0
    const leaderOf = new Map<number, string>()
    const follows = (before: Configuration | undefined, after: Configuration): boolean =>
      before === undefined ||
      (after.generation === 0 && after.ballot > before.ballot) ||
      (after.ballot === before.ballot && after.generation === before.generation + 1)
    return ({ nodes, activated }) => {
      for (; seen < activated.length; seen++) {
        const { ballot, generation, leader } = activated[seen]!
        const before = activated[seen - 1]
        if (!follows(before, activated[seen]!))
          return `ballot ${ballot}, generation ${generation}, was activated after ${before!.ballot}`
        leaderOf.set(ballot, leader.node)
      }
      for (const { replica, leader } of nodes) {
        if (leader?.phase !== "Serving") continue
        const { ballot } = leader.configuration
        if (leaderOf.get(ballot) !== replica.node)
          return `${replica.node} serves ballot ${ballot}, which was not activated with it as the leader`
      }
      return undefined
    }
  }
}
