/** The entries of a log as the laws keep them: enough to tell two logs apart. */
import { lengthPrefixBytes, type Run, readUint32 } from "../../protocol/log/run.ts"
import { narrowHash } from "./ledger.ts"

/** Entries by slot: the ballot that each was first proposed in, and a hash of its bytes. */
export class EntryLog {
  readonly ballots: Array<number> = []
  readonly hashes: Array<number> = []

  get last(): number {
    return this.hashes.length
  }

  /** Whether the entry at a slot is the same in both; an absent one is not. */
  agrees(slot: number, other: EntryLog): boolean {
    return (
      this.hashes[slot - 1] === other.hashes[slot - 1] && this.ballots[slot - 1] === other.ballots[slot - 1]
    )
  }

  /** The first slot in `from .. through` at which the logs are not the same; undefined where they agree. */
  firstDifference(other: EntryLog, from: number, through: number): number | undefined {
    for (let slot = from; slot <= through; slot++)
      if (!this.agrees(slot, other) || slot > this.last) return slot
    return undefined
  }

  /** Whether some slot holds this very entry. */
  holds(entry: Uint8Array): boolean {
    return this.hashes.includes(narrowHash(entry, 0, entry.length))
  }

  /** The entry at a slot as a person reads it. */
  show(slot: number): string {
    const hash = this.hashes[slot - 1]
    return hash === undefined ? "nothing" : `${(hash >>> 0).toString(16)} of ballot ${this.ballots[slot - 1]}`
  }

  /** Appends what the other has behind this one's end, through a slot. */
  extend(other: EntryLog, through: number): void {
    for (let slot = this.last + 1; slot <= through; slot++) {
      this.ballots.push(other.ballots[slot - 1]!)
      this.hashes.push(other.hashes[slot - 1]!)
    }
  }

  /** Takes the place of what the other has there: entries through a slot that were never read here. */
  fill(other: EntryLog, through: number): void {
    for (let at = 0; at < through; at++) {
      if (this.hashes[at] !== undefined) continue
      this.ballots[at] = other.ballots[at]!
      this.hashes[at] = other.hashes[at]!
    }
  }

  /** Forgets everything behind a slot. */
  cut(through: number): void {
    this.ballots.length = through
    this.hashes.length = through
  }

  /** Replaces everything from the first slot of a run on. */
  append(run: Run): void {
    const { first, count, ballot, bytes } = run
    this.cut(first - 1)
    let offset = 0
    for (let index = 0; index < count; index++) {
      const end = offset + lengthPrefixBytes + readUint32(bytes, offset)
      this.ballots.push(ballot)
      this.hashes.push(narrowHash(bytes, offset, end))
      offset = end
    }
  }
}
