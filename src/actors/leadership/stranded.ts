/** A group of which nobody is left who could lead it. */
import { Effect } from "effect"
import type { Configuration } from "../../protocol/configuration.ts"
import { NodeId, type Replica } from "../../protocol/ids.ts"
import type { CandidateOptions } from "./candidate-options.ts"

/**
 * Why a group stands still, and what to do, where every acceptor of its active configuration has come back
 * with another disk than the one that voted: what others lack of it is nowhere else. Else undefined.
 * `storageOf` tells the disk that a node has now; undefined where it is not heard.
 */
export const strandedLine = (
  group: string,
  { acceptors }: Configuration,
  storageOf: (node: string) => string | undefined
): string | undefined => {
  const isGone = ({ node, storage }: Replica): boolean => {
    const now = storageOf(node)
    return now !== undefined && now !== storage
  }
  if (!acceptors.every(isGone)) return undefined
  const who = acceptors.map(({ node, storage }) => `${node} (storage ${storage})`).join(", ")
  const what = `group ${group} stands still: its acceptors are ${who}, and other disks are there now`
  return `${what}; put the old ones back, or see "A group whose last disk is gone" in the docs`
}

/** Says so once in the log of the node. */
export const strandedNotice = ({ context, group, presence }: CandidateOptions) => {
  const { self } = context
  const storageOf = (node: string) =>
    node === self.node ? self.storage : presence.replicaOf(NodeId(node))?.storage
  let isStranded = false
  return (active: Configuration): Effect.Effect<void> => {
    const line = strandedLine(group, active, storageOf)
    const wasStranded = isStranded
    isStranded = line !== undefined
    return wasStranded || line === undefined ? Effect.void : Effect.logWarning(line)
  }
}
