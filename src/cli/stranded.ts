/** Groups that cannot go on, whatever anybody does but put a disk back. */
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

/** Every one of these acceptors has been seen, with another disk than the one that voted. */
const areAllElsewhere = ({ acceptors }: Configuration, seen: ReadonlyArray<NodeSeen>): boolean =>
  acceptors.every(({ node, storage }) => seen.some((one) => one.id === node && one.storage !== storage))

/**
 * One line for people for each group whose acceptors all answer with other disks than those that voted; what
 * the others lack of it is nowhere else.
 */
export const strandedLines = (seen: ReadonlyArray<NodeSeen>): ReadonlyMap<string, string> => {
  const lines = new Map<string, string>()
  for (const [group, active] of activeByGroup(seen)) {
    if (!areAllElsewhere(active, seen)) continue
    const who = active.acceptors.map(({ node, storage }) => `${node} (storage ${storage})`).join(", ")
    const what = `group ${group} stands still: its acceptors are ${who}, and other disks are there now`
    lines.set(group, `${what}; put the old ones back, or see "A group whose last disk is gone" in the docs`)
  }
  return lines
}
