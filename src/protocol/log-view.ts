/** A group's log as the cores read it: they decide from a few facts and never hold the log themselves. */
import { type Ballot, noBallot, noSlot, type Slot, slotMin } from "./ids.ts"
import type { Run } from "./run.ts"

/** The log of one replica in one group, as it stands after the last step, synced or not. */
export interface LogView {
  /**
   * The ballot that the acceptor of this log has promised (the paper's maxBallot): nobody else may change the
   * log meanwhile.
   */
  readonly promised: Ballot
  readonly last: Slot
  /** The ballot of the entry at a slot; `noBallot` at slot 0, undefined past the end. */
  readonly ballotAt: (slot: Slot) => Ballot | undefined
  /** The last slot at or below `slot` whose entry is of `ballot` or an older one; 0 where there is none. */
  readonly lastSlotOfBallot: (ballot: Ballot, slot: Slot) => Slot
  /**
   * Consecutive runs from `from`, at most `through`, of about `maxBytes`; at least one entry where there is
   * one.
   */
  readonly read: (from: Slot, through: Slot, maxBytes: number) => ReadonlyArray<Run>
}

/** Along a log ballots never fall; stretches of one ballot are few, whatever the number of entries. */
export interface Stretch {
  readonly ballot: Ballot
  readonly last: Slot
}

/** The ballots of a log as stretches, oldest first. */
export type Stretches = ReadonlyArray<Stretch>

export const lastOf = (stretches: Stretches): Slot => stretches[stretches.length - 1]?.last ?? noSlot

export const ballotIn = (stretches: Stretches, slot: Slot): Ballot | undefined => {
  if (slot === noSlot) return noBallot
  // The newest stretches are asked for most.
  let found: Ballot | undefined
  for (let i = stretches.length - 1; i >= 0 && slot <= stretches[i]!.last; i--) found = stretches[i]!.ballot
  return found
}

export const lastSlotOfBallotIn = (stretches: Stretches, ballot: Ballot, slot: Slot): Slot => {
  for (let i = stretches.length - 1; i >= 0; i--) {
    const stretch = stretches[i]!
    if (stretch.ballot <= ballot) return stretch.last < slot ? stretch.last : slot
  }
  return noSlot
}

/** The stretches after everything from `run.first` on is replaced by `run`. */
export const stretchesWith = (
  stretches: Stretches,
  run: Pick<Run, "ballot" | "first" | "count">
): Stretches => {
  const before = (run.first - 1) as Slot
  const last = (run.first + run.count - 1) as Slot
  const top = stretches[stretches.length - 1]
  if (top !== undefined && top.last === before && top.ballot === run.ballot) {
    return [...stretches.slice(0, -1), { ballot: run.ballot, last }]
  }
  const kept: Array<Stretch> = []
  for (const stretch of stretches) {
    const start = kept[kept.length - 1]?.last ?? noSlot
    if (start >= before) break
    kept.push({ ballot: stretch.ballot, last: slotMin(stretch.last, before) })
  }
  const end = kept[kept.length - 1]
  if (end !== undefined && end.ballot === run.ballot) kept[kept.length - 1] = { ballot: run.ballot, last }
  else kept.push({ ballot: run.ballot, last })
  return kept
}
