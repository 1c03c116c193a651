/** Groups that cannot go on, whatever anybody does but put a disk back. */
import { strandedLine } from "../actors/leadership/stranded.ts"
import type { NodeSeen } from "../client/discover.ts"
import type { Configuration } from "../protocol/configuration.ts"
import { agreedStates } from "./master-copies.ts"

/** The active configuration of each group, as a majority of the masters has it. */
export const activeByGroup = (seen: ReadonlyArray<NodeSeen>): ReadonlyMap<string, Configuration> => {
  const active = new Map<string, Configuration>()
  for (const [group, agreed] of agreedStates(seen))
    if (agreed?.state.active !== undefined) active.set(group, agreed.state.active)
  return active
}

/** One line for people for each group whose acceptors all answer with other disks than those that voted. */
export const strandedLines = (
  seen: ReadonlyArray<NodeSeen>,
  activeOf = activeByGroup(seen)
): ReadonlyMap<string, string> => {
  const storages = new Map(seen.map(({ id, storage }) => [id, storage]))
  const lines = new Map<string, string>()
  for (const [group, active] of activeOf) {
    const line = strandedLine(group, active, (node) => storages.get(node))
    if (line !== undefined) lines.set(group, line)
  }
  return lines
}
