/** Two clusters under one name on one bus, as the answers of their nodes show them. */
import type { NodeSeen } from "../client/discover.ts"

/** Joins the parts that know a name of the node, and the node itself, into one. */
const joined = (parts: ReadonlyArray<ReadonlySet<string>>, names: ReadonlySet<string>) => {
  const isApart = (part: ReadonlySet<string>) => [...names].every((name) => !part.has(name))
  const together = parts.filter((part) => !isApart(part)).flatMap((part) => [...part])
  return [...parts.filter(isApart), new Set([...together, ...names])]
}

/**
 * The nodes of each cluster that uses the name, where there are several: no node of one was told of any of
 * the other. Empty where there is one, or where a node does not tell of whom it knows.
 *
 * @example strangersAmong([nodeThatKnows("n1", "n2"), nodeThatKnows("m1")]) // [["n1", "n2"], ["m1"]]
 */
export const strangersAmong = (seen: ReadonlyArray<NodeSeen>): ReadonlyArray<ReadonlyArray<string>> => {
  let parts: ReadonlyArray<ReadonlySet<string>> = []
  for (const { id, nodes } of seen) {
    if (nodes === undefined) return []
    parts = joined(parts, new Set([id, ...nodes]))
  }
  return parts.length < 2 ? [] : parts.map((part) => [...part].sort())
}

/** One line for people; undefined where all belong together. */
export const strangersLine = (clusters: ReadonlyArray<ReadonlyArray<string>>): string | undefined => {
  if (clusters.length === 0) return undefined
  const who = clusters.map((names) => names.join(", ")).join(" and ")
  return `${clusters.length} clusters use this name (${who}): give each its own, clients talk to any of them`
}
