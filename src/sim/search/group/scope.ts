/** How much of a group's behaviour a search covers. */

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
  /** Steps to take before the search begins, as traces name them: a guide to what lies deep. */
  readonly prelude?: ReadonlyArray<string>
}

/** Names of nodes by index. */
export const nodeNames = ["A", "B", "C", "D", "E"] as const

export const namesOf = (indexes: ReadonlyArray<number>): string =>
  indexes.map((index) => nodeNames[index]).join("")
