/** Which masters answer, as the command line shows them. */
import type { NodeSeen } from "../client/discover.ts"

export interface MastersShown {
  /** The nodes that keep the master, as most of those who answered were told; empty where nobody told. */
  readonly nodes: ReadonlyArray<string>
  /** Those among them that did not answer. */
  readonly silent: ReadonlyArray<string>
  /** Whether a majority answered. Without one configurations cannot change. */
  readonly majority: boolean
}

/** Nodes may differ while a new configuration is rolled out: the list that most of them have. */
const mostTold = (seen: ReadonlyArray<NodeSeen>): ReadonlyArray<string> => {
  const told = new Map<string, { readonly masters: ReadonlyArray<string>; readonly votes: number }>()
  for (const { masters = [] } of seen) {
    const key = [...masters].sort().join(",")
    if (masters.length > 0) told.set(key, { masters, votes: (told.get(key)?.votes ?? 0) + 1 })
  }
  return [...told.values()].sort((a, b) => b.votes - a.votes)[0]?.masters ?? []
}

export const mastersShown = (seen: ReadonlyArray<NodeSeen>): MastersShown => {
  const answered = new Set(seen.map(({ id }) => id))
  const nodes = mostTold(seen)
  const silent = nodes.filter((name) => !answered.has(name))
  return { nodes, silent, majority: (nodes.length - silent.length) * 2 > nodes.length }
}

/** One line for people where masters are silent; undefined where none is, or nobody told who they are. */
export const mastersLine = ({ nodes, silent, majority }: MastersShown): string | undefined => {
  if (silent.length === 0) return undefined
  const missing = `${silent.length} of ${nodes.length} masters silent (${silent.join(", ")})`
  return majority
    ? `${missing}: a majority answers, so configurations can still change`
    : `${missing}: no majority answers, so no configuration can change; groups that are led go on`
}
