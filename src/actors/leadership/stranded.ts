/** A group of which nobody is left who could lead it: its node says so in its log. */
import { Effect } from "effect"
import type { Configuration } from "../../protocol/configuration.ts"
import type { Replica } from "../../protocol/ids.ts"
import type { CandidateOptions } from "./candidate-options.ts"

/** Says once that every acceptor of the active configuration has come back with another disk. */
export const strandedNotice = ({ context, group, presence }: CandidateOptions) => {
  const { self } = context
  let isStranded = false
  const isGone = ({ node, storage }: Replica): boolean => {
    const now = node === self.node ? self : presence.replicaOf(node)
    return now !== undefined && now.storage !== storage
  }
  return ({ acceptors }: Configuration): Effect.Effect<void> => {
    const wasStranded = isStranded
    isStranded = acceptors.every(isGone)
    if (wasStranded || !isStranded) return Effect.void
    const who = acceptors.map(({ node, storage }) => `${node} (storage ${storage})`).join(", ")
    const what = `group ${group} stands still: its acceptors are ${who}, and other disks are there now`
    return Effect.logWarning(
      `${what}; put the old ones back, or see "A group whose last disk is gone" in the docs`
    )
  }
}
