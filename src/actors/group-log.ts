/**
 * One group's log on this node: what its acceptor persists, over the node's write-ahead log and a cache of
 * the newest runs.
 */
import { type Ballot, noBallot, noSlot, type Slot, slotMax, slotPlus } from "../protocol/ids.ts"
import { invariant } from "../protocol/invariant.ts"
import {
  ballotIn,
  type LogView,
  lastOf,
  lastSlotOfBallotIn,
  type Stretches,
  stretchesWith
} from "../protocol/log-view.ts"
import { type Run, runLast, sliceRun, takeBytes } from "../protocol/run.ts"
import type { DurableRecord } from "../protocol/step.ts"
import { knob } from "../runtime/buggify.ts"
import { StorageCorrupted, type WalFailure } from "../runtime/storage/errors.ts"
import type { Wal } from "../runtime/storage/wal.ts"
import { decodeRecord, encodeRecord } from "./log-records.ts"
import { RunCache } from "./run-cache.ts"
import { SlotIndex } from "./slot-index.ts"

const indexSpacingBytes = knob("log-index-spacing-bytes", 64 * 1024, { min: 1, max: 64 * 1024 })
const cacheBytesMax = knob("log-cache-bytes", 8 * 1024 * 1024, { min: 0, max: 64 * 1024 })
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
  #stretches: Stretches = []
  #staged: Slot | undefined
  /** How often a suffix of the log was replaced. */
  #replaced = 0
  readonly #cache: RunCache
  readonly #index = new SlotIndex(indexSpacingBytes.value)

  constructor(groupNumber: number, cacheBytes: number = cacheBytesMax.value) {
    this.groupNumber = groupNumber
    this.#cache = new RunCache(cacheBytes)
  }

  get promised(): Ballot {
    return this.#promised
  }
  /** The newest watermark that was written; what is chosen now may be further on. */
  get chosen(): Slot {
    return this.#chosen
  }
  get last(): Slot {
    return lastOf(this.#stretches)
  }

  ballotAt(slot: Slot): Ballot | undefined {
    return ballotIn(this.#stretches, slot)
  }

  lastSlotOfBallot(ballot: Ballot, slot: Slot): Slot {
    return lastSlotOfBallotIn(this.#stretches, ballot, slot)
  }

  /** Takes in a record found when the log was opened; `position` is where its frame stands. */
  recover(type: number, body: Uint8Array, position: number): void {
    const record = decodeRecord(type, body)
    if (record === undefined) return
    this.#note(record)
    if (record._tag === "Appended") this.#index.note(record.run.first, position)
  }

  /** From now on records are written there. */
  attach(wal: Wal): void {
    this.#wal = wal
  }

  /** Changes the log at once and stages the record for writing. */
  persist(record: DurableRecord): void {
    if (record._tag === "Appended" && record.run.first <= this.last) this.#replaced++
    this.#note(record)
    if (record._tag === "Appended") {
      this.#cache.append(record.run)
      this.#staged =
        this.#staged === undefined ? record.run.first : (Math.min(this.#staged, record.run.first) as Slot)
    }
    const { type, parts } = encodeRecord(record)
    this.#wal!.append(type, this.groupNumber, parts)
  }

  /** Calls back when everything persisted so far is durable, or with why it is not. */
  sync(done: (failure: WalFailure | undefined) => void): void {
    const staged = this.#staged
    const { last } = this
    const replaced = this.#replaced
    this.#staged = undefined
    this.#wal!.sync((failure, position) => {
      if (failure === undefined && staged !== undefined) {
        this.#index.note(staged, position)
        // What was replaced while this was written is durable only with the sync that wrote its replacement.
        if (replaced === this.#replaced) this.#cache.trim(last)
      }
      done(failure)
    })
  }

  /** Throws `StorageCorrupted` or `DiskFailed` where an old entry cannot be read back. */
  read(from: Slot, through: Slot, maxBytes: number): ReadonlyArray<Run> {
    invariant(from > noSlot && through <= this.last, "only what is in the log can be read")
    if (from > through) return []
    const first = this.#cache.first
    const room = Math.max(1, Math.min(maxBytes, readMaxBytes.value))
    return first !== undefined && from >= first
      ? this.#cache.read(from, through, room)
      : this.#readDisk(from, through, room)
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
      case "Appended":
        this.#stretches = stretchesWith(this.#stretches, record.run)
        return
    }
  }

  /**
   * Goes forward from the indexed place. The disk also holds what was replaced since; an entry counts only if
   * its ballot is the one that the log has at its slot, and then it is the same entry.
   */
  #readDisk(from: Slot, through: Slot, maxBytes: number): ReadonlyArray<Run> {
    const found: Array<Run> = []
    let next = from
    let room = maxBytes
    let position = this.#index.positionFor(from)
    while (position !== undefined && next <= through && room > 0) {
      const frame = this.#wal!.readFrame(position)
      if (frame === undefined) break
      for (const { type, group, body } of frame.records) {
        const record = group === this.groupNumber ? decodeRecord(type, body) : undefined
        if (record?._tag !== "Appended" || next > through || room <= 0) continue
        const part = this.#current(record.run, next, through)
        if (part === undefined) continue
        const taken = takeBytes(part, Math.max(room, 1))
        found.push({ ...taken, bytes: new Uint8Array(taken.bytes) })
        room -= taken.bytes.length
        next = slotPlus(runLast(taken), 1)
        if (taken.count < part.count) return found
      }
      position = frame.next
    }
    if (found.length > 0) return found
    throw new StorageCorrupted({
      path: "write-ahead log",
      offset: 0,
      reason: `the entry of slot ${from} cannot be found`
    })
  }

  /** The part of a run found on disk that continues at `next` and is still what the log has there. */
  #current(run: Run, next: Slot, through: Slot): Run | undefined {
    if (run.first > next || runLast(run) < next || this.ballotAt(next) !== run.ballot) return undefined
    const end = this.lastSlotOfBallot(run.ballot, runLast(run))
    return sliceRun(run, next, end < through ? end : through)
  }
}
