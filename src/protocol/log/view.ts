/** A group's log as the cores read it: they decide from a few facts and never hold the log themselves. */
import { type Ballot, noBallot, noSlot, type Slot, slotMin } from "../ids.ts"
import type { Run } from "./run.ts"

/**
 * Where a log begins: everything through `slot` is chosen, is in a snapshot, and is held no more. The entry
 * at
 * `slot` was of `ballot`, proposed at `atMs` of the log's clock. A log that nothing was cut from has
 * `noBase`.
 */
export interface Base {
  readonly slot: Slot
  readonly ballot: Ballot
  readonly atMs: number
}

export const noBase: Base = { slot: noSlot, ballot: noBallot, atMs: 0 }

/** The log of one replica in one group, as it stands after the last step, synced or not. */
export interface LogView {
  /**
   * The ballot that the acceptor of this log has promised (the paper's maxBallot): nobody else may change the
   * log meanwhile.
   */
  readonly promised: Ballot
  readonly base: Base
  /** The first slot that is still held: the one behind the base. */
  readonly first: Slot
  readonly last: Slot
  /**
   * The ballot of the entry at a slot, that of the base included; `noBallot` at slot 0, undefined past the
   * end and below the base.
   */
  readonly ballotAt: (slot: Slot) => Ballot | undefined
  /**
   * The last slot at or below `slot`, not below the base, whose entry is of `ballot` or an older one; 0 where
   * there is none.
   */
  readonly lastSlotOfBallot: (ballot: Ballot, slot: Slot) => Slot
  /**
   * Consecutive runs from `from`, which is not before `first`, at most `through`, of about `maxBytes`; at
   * least one entry where there is one.
   */
  readonly read: (from: Slot, through: Slot, maxBytes: number) => ReadonlyArray<Run>
}

/** Along a log ballots never fall; stretches of one ballot are few, whatever the number of entries. */
export interface Stretch {
  readonly ballot: Ballot
  readonly last: Slot
}

/** The ballots of a log as stretches, oldest first. Behind a base the first one ends there. */
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

/** The stretches of a log that begins at a base, of which nothing before is known. */
export const stretchesFrom = ({ slot, ballot }: Base): Stretches =>
  slot === noSlot ? [] : [{ ballot, last: slot }]

/** The stretches of a log that was cut at `base`, which must be an entry of it. */
export const stretchesAbove = (stretches: Stretches, base: Base): Stretches => [
  ...stretchesFrom(base),
  ...stretches.filter(({ last }) => last > base.slot)
]

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

/** `ballotAt` and `lastSlotOfBallot` of a log with this base and these stretches. */
export const ballotAbove = (base: Base, stretches: Stretches, slot: Slot): Ballot | undefined =>
  slot < base.slot && slot !== noSlot ? undefined : ballotIn(stretches, slot)

export const lastSlotOfBallotAbove = (base: Base, stretches: Stretches, ballot: Ballot, slot: Slot): Slot => {
  const found = lastSlotOfBallotIn(stretches, ballot, slot)
  return found < base.slot ? noSlot : found
}
