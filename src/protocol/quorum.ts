/**
 * The arithmetic of quorums: a write needs all acceptors, hence a read needs any one of them (section 4.3 of
 * the paper).
 */
import type { Configuration } from "./configuration.ts"
import { type NodeId, Slot } from "./ids.ts"

/**
 * The last slot that a write quorum has acknowledged. Acknowledgements are cumulative, so it is the least
 * over all acceptors of the configuration; an acceptor that was not heard counts as 0.
 */
export const acknowledgedByAll = (
  configuration: Configuration,
  acknowledged: (node: NodeId) => Slot | undefined
): Slot => {
  let least = Number.MAX_SAFE_INTEGER
  for (const acceptor of configuration.acceptors) least = Math.min(least, acknowledged(acceptor.node) ?? 0)
  return Slot(least)
}
