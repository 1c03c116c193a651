/** How much of a group's behaviour a search covers. */
import type { Renaming } from "../canonical.ts"

/** Bounds of a model of one group. Everything that can happen within them is looked at. */
export interface Scope {
  readonly nodes: number
  /** Acceptors of the first active ballot, by index; the first of them leads it. */
  readonly initial: ReadonlyArray<number>
  /** Sets of acceptors for new ballots; its leader is the node that asks, which must be among them. */
  readonly sets: ReadonlyArray<ReadonlyArray<number>>
  /** The bootstrap ballot, which nobody leads, is one of them, and so is the first that serves. */
  readonly ballotsMax: number
  readonly slotsMax: number
  readonly retiresMax: number
  /** A message between nodes can arrive a second time, at any time later. */
  readonly duplicates: boolean
  /** Disks are late: what was written is durable some time later, or lost in a crash. */
  readonly lateDisks?: true
  /** A leader can ask for a ballot of its own with other acceptors, and serves on meanwhile. */
  readonly reconfigures?: true
  /** Commands are a lone client's: acceptors acknowledge to it, and it brings their leader the news. */
  readonly foretells?: true
  /** Leaders send what is chosen to nodes that are no acceptors of theirs. */
  readonly teaches?: true
  /** Leaders are asked questions, and answer them by rounds: there are no leases (reads.ts). */
  readonly reads?: true
  /** Leases are asked for and granted, and time passes (clock.ts). */
  readonly leases?: LeaseScope
  /** Steps to take before the search begins, as traces name them: a guide to what lies deep. */
  readonly prelude?: ReadonlyArray<string>
}

/** What can happen in a scope with leases, beside that time passes. */
export interface LeaseScope {
  /** Nodes crash, and come back with what their disks hold. */
  readonly crashes?: true
  /** Leaders hand over, and give their leases back. */
  readonly handsOver?: true
}

/** Names of nodes by index. */
export const nodeNames = ["A", "B", "C", "D", "E"] as const

export const namesOf = (indexes: ReadonlyArray<number>): string =>
  indexes.map((index) => nodeNames[index]).join("")

/** Whether a renaming of the nodes takes every set of acceptors of the scope to one of its sets. */
export const keepsSets = (scope: Scope, renaming: Renaming): boolean => {
  const known = new Set(scope.sets.map((set) => namesOf(set.toSorted())))
  return scope.sets.every((set) =>
    known.has(
      [...namesOf(set)]
        .map((name) => renaming.get(name)!)
        .toSorted()
        .join("")
    )
  )
}

/** The sets that a node is in, by number. */
export const setsWith = (scope: Scope, index: number): ReadonlyArray<number> =>
  scope.sets.flatMap((set, number) => (set.includes(index) ? [number] : []))
