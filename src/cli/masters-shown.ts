/** Which masters answer, as the command line shows them. */
import type { NodeSeen } from "../client/discover.ts"

export interface MastersShown {
  /** The nodes that keep the master, as most of those who answered were told; empty where nobody told. */
  readonly nodes: ReadonlyArray<string>
  /** Those among them that did not answer. */
  readonly silent: ReadonlyArray<string>
  /** Those that answered and have no seat yet, as on a new disk: they keep nothing of the master so far. */
  readonly waiting: ReadonlyArray<string>
  /** Whether a majority answered that is not waiting. Without one configurations cannot change. */
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
  const byName = new Map(seen.map((node) => [node.id, node]))
  const nodes = mostTold(seen)
  const silent = nodes.filter((name) => !byName.has(name))
  const waiting = nodes.filter((name) => byName.get(name)?.master?.state === "waiting")
  const there = nodes.length - silent.length - waiting.length
  return { nodes, silent, waiting, majority: there * 2 > nodes.length }
}

const counted = (names: ReadonlyArray<string>, all: number, what: string): ReadonlyArray<string> =>
  names.length === 0 ? [] : [`${names.length} of ${all} masters ${what} (${names.join(", ")})`]

/**
 * One line for people where masters are silent, or have no seat yet; undefined where there is no such one, or
 * nobody told who they are.
 */
export const mastersLine = ({ nodes, silent, waiting, majority }: MastersShown): string | undefined => {
  const missing = [
    ...counted(silent, nodes.length, "silent"),
    ...counted(waiting, nodes.length, "without a seat so far")
  ].join(", ")
  if (missing === "") return undefined
  if (!majority)
    return `${missing}: no majority answers, so no configuration can change; groups that are led go on`
  const changes = `${missing}: a majority answers, so configurations can still change`
  return waiting.length === 0 ? changes : `${changes}; no other disk of a master may be lost now`
}
