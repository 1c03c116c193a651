/**
 * One group's log on this node: what its acceptor persists, over the node's write-ahead log and a cache of
 * the newest runs.
 */
import { type Ballot, noBallot, noSlot, Slot, slotMax, slotMin, slotPlus } from "../../protocol/ids.ts"
import { invariant } from "../../protocol/invariant.ts"
import { type Run, runLast, runsLast } from "../../protocol/log/run.ts"
import {
  type Base,
  ballotAbove,
  type LogView,
  lastOf,
  lastSlotOfBallotAbove,
  noBase,
  type Stretches,
  stretchesAbove,
  stretchesFrom,
  stretchesWith
} from "../../protocol/log/view.ts"
import type { DurableRecord } from "../../protocol/step.ts"
import { knob } from "../../runtime/buggify.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import { decodeRecord, encodeRecord } from "./records.ts"
import { RunCache } from "./run-cache.ts"
import { SlotIndex } from "./slot-index.ts"
import { readStored } from "./stored-runs.ts"

const indexSpacingBytes = knob("log-index-spacing-bytes", 64 * 1024, { min: 1, max: 64 * 1024 })
const cacheBytesMax = knob("log-cache-bytes", 2 * 1024 * 1024, { min: 0, max: 64 * 1024 })
/** What a run takes on disk at most, with all that is around it. */
const storedBytes = (run: Run): number => run.bytes.length + 64

const everySlot = Slot(Number.MAX_SAFE_INTEGER)
/** Whoever reads gets at most this much at once, and asks again for the rest. */
const readMaxBytes = knob("log-read-bytes", 16 * 1024 * 1024, { min: 1, max: 4096 })

/**
 * The log of one group. `persist` changes it at once, in memory; `sync` calls back when all of it is durable.
 * The facts beside the log (`promised`, `chosen`) are those that were persisted, so that a restart begins
 * where it ended.
 */
export class GroupLog implements LogView {
  readonly groupNumber: number
  #wal: Wal | undefined
  #promised: Ballot = noBallot
  #chosen: Slot = noSlot
  #base: Base = noBase
  /** The log was found to begin behind this slot, by records that do not say why. */
  #unexplained: Slot | undefined
  #leaseNotedMs = 0
  #stretches: Stretches = []
  /** The first slot staged since the last sync, and the bytes taken in before it. */
  #staged: { readonly slot: Slot; readonly bytesBefore: number } | undefined
  #rewritten: { readonly through: Slot; readonly bytesBefore: number } | undefined
  /** Bytes on disk of all entries that were ever taken in. */
  #bytes = 0
  /** How often a suffix of the log was replaced. */
  #replaced = 0
  /** Where the last read of the disk ended: whoever reads on from there need not look for the place. */
  #readOn: { readonly next: Slot; readonly position: number } | undefined
  readonly #cache: RunCache
  readonly #index: SlotIndex

  /**
   * In small segments places lie closer together, or one place would keep many segments; and where snapshots
   * follow each other closely, or nobody could tell how far the log has grown since the last one.
   */
  constructor(groupNumber: number, segmentBytes: number, snapshotBytes: number) {
    this.groupNumber = groupNumber
    this.#cache = new RunCache(cacheBytesMax.value)
    const spacingBytes = Math.min(indexSpacingBytes.value, segmentBytes / 4, snapshotBytes / 8)
    this.#index = new SlotIndex(spacingBytes)
  }

  get promised(): Ballot {
    return this.#promised
  }
  /** The newest watermark that was written; what is chosen now may be further on. */
  get chosen(): Slot {
    return this.#chosen
  }
  get base(): Base {
    return this.#base
  }
  get first(): Slot {
    return slotPlus(this.#base.slot, 1)
  }
  /** How long a lease may run that was granted before this start; 0 where none ever was. */
  get leaseNotedMs(): number {
    return this.#leaseNotedMs
  }
  get last(): Slot {
    return lastOf(this.#stretches)
  }
  /** Whether records are gone that nothing accounts for: the beginning of the log is lost. */
  get lostBefore(): Slot | undefined {
    return this.#unexplained === undefined ? undefined : slotPlus(this.#unexplained, 1)
  }

  ballotAt(slot: Slot): Ballot | undefined {
    return ballotAbove(this.#base, this.#stretches, slot)
  }

  lastSlotOfBallot(ballot: Ballot, slot: Slot): Slot {
    return lastSlotOfBallotAbove(this.#base, this.#stretches, ballot, slot)
  }

  /** Takes in a record found when the log was opened; `position` is where its frame stands. */
  recover(type: number, body: Uint8Array, position: number): void {
    const record = decodeRecord(type, body)
    if (record === undefined) return
    this.#note(record)
    if (record._tag === "Appended") {
      this.#index.note(record.run.first, position, this.#bytes)
      this.#bytes += storedBytes(record.run)
    } else if (record._tag === "Rewritten") {
      this.#index.replaceThrough(everySlot, this.first, position, this.#bytes)
      for (const run of record.runs) this.#bytes += storedBytes(run)
    }
  }

  /** From now on records are written there. */
  attach(wal: Wal): void {
    this.#wal = wal
  }

  /** Changes the log at once and stages the record for writing. */
  persist(record: DurableRecord): void {
    if (record._tag === "Appended") {
      const { run } = record
      invariant(run.first > this.#base.slot, "what was cut off is never written again")
      if (run.first <= this.last) this.#replaced++
      const bytesBefore = this.#staged?.bytesBefore ?? this.#bytes
      this.#staged = { slot: slotMin(this.#staged?.slot ?? run.first, run.first), bytesBefore }
      this.#bytes += storedBytes(run)
      this.#cache.append(run)
    } else if (record._tag === "Rewritten") {
      const { runs } = record
      if (runs.length === 0) this.#replaced++
      this.#rewritten = { through: runsLast(runs, everySlot), bytesBefore: this.#bytes }
      for (const run of runs) this.#bytes += storedBytes(run)
    }
    this.#note(record)
    const { type, parts } = encodeRecord(record)
    this.#wal!.append(type, this.groupNumber, parts)
  }

  /**
   * Cuts off everything through an entry of this log that is chosen and in a durable snapshot; nothing where
   * that is done.
   */
  cut(base: Base): void {
    if (base.slot <= this.#base.slot) return
    invariant(this.ballotAt(base.slot) === base.ballot, "a log is cut at an entry that it holds")
    this.persist({ _tag: "Based", base })
  }

  /** Writes again what the log says beside its entries, so that the records before can go. */
  checkpoint(): void {
    if (this.#promised > noBallot) this.persist({ _tag: "Promised", ballot: this.#promised })
    if (this.#leaseNotedMs > 0) this.persist({ _tag: "LeaseNoted", durationMs: this.#leaseNotedMs })
    if (this.#chosen > noSlot) this.persist({ _tag: "Chosen", slot: this.#chosen })
    if (this.#base.slot > noSlot) this.persist({ _tag: "Based", base: this.#base })
  }

  /** Writes all entries again, in one record: a log that is quiet must not keep the space of others. */
  copyForward(): void {
    const runs: Array<Run> = []
    for (let next = this.first; next <= this.last; next = slotPlus(runLast(runs[runs.length - 1]!), 1))
      runs.push(...this.read(next, this.last, readMaxBytes.value))
    this.persist({ _tag: "Rewritten", base: this.#base, runs })
  }

  /** Where in the write-ahead log its entries begin; undefined where none is durable. */
  get startPosition(): number | undefined {
    return this.last < this.first ? undefined : this.#index.positionFor(this.first)
  }

  /**
   * Bytes on disk of all entries that were ever taken in, those of before the last start as far as they were
   * read.
   */
  get bytes(): number {
    return this.#bytes
  }

  /** About how many bytes the entries behind a slot take on disk. */
  bytesBehind(slot: Slot): number {
    return this.#bytes - (this.#index.bytesBefore(slotPlus(slot, 1)) ?? this.#bytes)
  }

  /** Calls back when everything persisted so far is durable, or with why it is not. */
  sync(done: (failure: WalFailure | undefined) => void): void {
    const staged = this.#staged
    const rewritten = this.#rewritten
    const { last } = this
    const replaced = this.#replaced
    this.#staged = undefined
    this.#rewritten = undefined
    this.#wal!.sync((failure, position) => {
      if (failure === undefined && rewritten !== undefined) {
        this.#index.replaceThrough(rewritten.through, this.first, position, rewritten.bytesBefore)
        // What stood before may be removed from now on.
        this.#readOn = undefined
      }
      if (failure === undefined && staged !== undefined) {
        this.#index.note(staged.slot, position, staged.bytesBefore)
        // What was replaced while this was written is durable only with the sync that wrote its replacement.
        if (replaced === this.#replaced) this.#cache.trim(last)
      }
      done(failure)
    })
  }

  /** Throws `StorageCorrupted` or `DiskFailed` where an old entry cannot be read back. */
  read(from: Slot, through: Slot, maxBytes: number): ReadonlyArray<Run> {
    invariant(from >= this.first && through <= this.last, "only what is in the log can be read")
    if (from > through) return []
    const first = this.#cache.first
    const room = Math.max(1, Math.min(maxBytes, readMaxBytes.value))
    if (first !== undefined && from >= first) return this.#cache.read(from, through, room)
    const noted = this.#index.positionFor(from)
    const start = this.#readOn?.next === from ? Math.max(this.#readOn.position, noted ?? 0) : noted
    const { runs, next, position } = readStored(this.#wal!, this, start, from, through, room)
    this.#readOn = { next, position }
    return runs
  }

  #note(record: DurableRecord): void {
    switch (record._tag) {
      case "Promised":
        invariant(record.ballot >= this.#promised, "an acceptor never takes back a promise")
        this.#promised = record.ballot
        return
      case "Chosen":
        this.#chosen = slotMax(this.#chosen, record.slot)
        return
      case "LeaseNoted":
        this.#leaseNotedMs = record.durationMs
        return
      case "Appended":
        this.#append(record.run)
        return
      case "Based":
        // Found without what it cut off: what stood there was cut off further on since.
        if (record.base.slot < (this.#unexplained ?? noSlot)) return
        this.#setBase(record.base)
        this.#stretches = stretchesAbove(this.#stretches, record.base)
        return
      case "Rewritten":
        this.#setBase(record.base)
        this.#stretches = record.runs.reduce(stretchesWith, stretchesFrom(record.base))
        return
    }
  }

  #append(run: Run): void {
    const before = slotPlus(run.first, -1)
    if (before > this.last || (this.#unexplained ?? noSlot) > before) {
      this.#unexplained = before
      this.#base = { slot: before, ballot: noBallot, atMs: 0 }
      this.#stretches = stretchesFrom(this.#base)
    }
    this.#stretches = stretchesWith(this.#stretches, run)
  }

  #setBase(base: Base): void {
    this.#base = base
    // The frame in which it ended may be removed.
    this.#readOn = undefined
    this.#unexplained = undefined
    this.#chosen = slotMax(this.#chosen, base.slot)
    this.#index.cutBefore(this.first)
  }
}
