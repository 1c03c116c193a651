/** What the disk of a node holds of one group, as far as its log was read. */
import { Slot } from "../../protocol/ids.ts"
import { type Run, runLast, runsLast } from "../../protocol/log/run.ts"
import { type Base, noBase } from "../../protocol/log/view.ts"
import type { DurableRecord } from "../../protocol/step.ts"
import { sometimes } from "../assert.ts"
import { EntryLog } from "./entries.ts"
import { Places } from "./places.ts"

const copied = sometimes("groups: a log was copied forward")

/** One group in a node's log on disk. */
export class GroupOnDisk {
  readonly entries = new EntryLog()
  readonly #places = new Places()
  promised = 0
  /** How long a lease may run that was granted. */
  leaseNotedMs = 0
  /**
   * What was cut off of the log, and is chosen: entries are known through here, though no longer on the disk.
   */
  base: Base = noBase
  /**
   * Called when the log has become durable that begins behind a base: has the entries through there filled
   * in.
   */
  onCut: ((base: Base, fromElsewhere: boolean) => void) | undefined
  /** Called before a suffix is replaced, with its first slot. */
  onReplaced: ((first: Slot) => void) | undefined
  /** Called when these slots have become durable. */
  onDurable: ((first: Slot, last: Slot) => void) | undefined
  /** Called when the node removes something that stands nowhere else in its log, with what that is. */
  onForgotten: ((what: string) => void) | undefined
  /** Called when the node has removed a segment of its log. */
  onShortened: (() => void) | undefined
  /**
   * A disk that has gone back in time is read: what was written and replaced on it, was so before, and nobody
   * objected. Its promise may stand behind the entries by now, as far as its log was cut.
   */
  isReread = false

  /** What stood on the disk before it went back in time: what was told of it may be on its way yet. */
  before: EntryLog | undefined

  /** What was read before is not on the disk any more. */
  forget(): void {
    this.before = new EntryLog()
    this.before.extend(this.entries, this.entries.last)
    this.entries.cut(0)
    this.promised = 0
    this.leaseNotedMs = 0
    this.base = noBase
    this.#places.forget()
  }

  /** The node has removed this part of its log. */
  removed(from: number, end: number): void {
    const what = this.#places.onlyIn(from, end, this.base.slot)
    if (what !== undefined) this.onForgotten?.(`the segment of its log that holds ${what}`)
    this.onShortened?.()
  }

  /** The position of the frame in which the entry of a slot stands; undefined where none does. */
  placeOf(slot: number): number | undefined {
    return this.#places.of(slot)
  }

  /** Takes in a record that is durable, and stands in the frame at this position. */
  take(record: DurableRecord, position: number): void {
    this.#places.note(record, position)
    if (record._tag === "Promised") this.promised = record.ballot
    else if (record._tag === "Appended") this.#append(record.run)
    else if (record._tag === "LeaseNoted") this.leaseNotedMs = record.durationMs
    else if (record._tag === "Based") this.#begin(record.base)
    else if (record._tag === "Rewritten") this.#rewrite(record.base, record.runs)
  }

  #append(run: Run): void {
    if (run.first <= this.entries.last) this.#replaced(run.first)
    this.entries.append(run)
    if (!this.isReread) this.onDurable?.(run.first, runLast(run))
  }

  #begin(base: Base, fromElsewhere = false): void {
    if (base.slot === this.base.slot) return
    this.base = base
    this.onCut?.(base, fromElsewhere)
  }

  /** Entries that are written again are the same; behind a snapshot from elsewhere there may be none. */
  #rewrite(base: Base, runs: ReadonlyArray<Run>): void {
    copied.check(runs.length > 0)
    const { entries } = this
    const through = runsLast(runs, base.slot)
    if (entries.last > through) {
      this.#replaced(Slot(through + 1))
      entries.cut(through)
    }
    // What stood before may differ from what is chosen: the snapshot is in its place. A log without entries
    // that is copied forward is the same as before.
    if (runs.length === 0 && base.slot !== this.base.slot) entries.cut(0)
    this.#begin(base, runs.length === 0)
    const known = new EntryLog()
    known.extend(entries, entries.last)
    for (const run of runs) entries.append(run)
    const changed = known.firstDifference(entries, base.slot + 1, known.last)
    if (changed !== undefined) this.#replaced(Slot(changed))
  }

  #replaced(first: Slot): void {
    if (!this.isReread) this.onReplaced?.(first)
  }
}
