/**
 * The log of a node as its disk holds it, read frame by frame past the node's own memory: what is durable,
 * and nothing else.
 */
import { decodeRecord } from "../actors/log-records.ts"
import type { Slot } from "../protocol/ids.ts"
import { lengthPrefixBytes, type Run, readUint32, runLast } from "../protocol/run.ts"
import { readFrameAt } from "../runtime/storage/frames.ts"
import type { FileHandle } from "../runtime/storage/port.ts"
import type { SimDisk } from "./disk/disk.ts"
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

  /** Replaces everything from the first slot of a run on. */
  append(run: Run): void {
    const { first, count, ballot, bytes } = run
    this.ballots.length = first - 1
    this.hashes.length = first - 1
    let offset = 0
    for (let index = 0; index < count; index++) {
      const end = offset + lengthPrefixBytes + readUint32(bytes, offset)
      this.ballots.push(ballot)
      this.hashes.push(narrowHash(bytes, offset, end))
      offset = end
    }
  }
}

/** One group in a node's log on disk. */
export class GroupOnDisk {
  readonly entries = new EntryLog()
  promised = 0
  /** Called before a suffix is replaced, with its first slot. */
  onReplaced: ((first: Slot) => void) | undefined
  /** Called when these slots have become durable. */
  onDurable: ((first: Slot, last: Slot) => void) | undefined
}

interface Layout {
  readonly salt: number
  readonly segmentBytes: number
}

/**
 * Follows the write-ahead log of one data directory. `catchUp` reads the frames that have become durable
 * since the last call.
 */
export class DiskLog {
  readonly groups = new Map<number, GroupOnDisk>()
  readonly #disk: SimDisk
  readonly #directory: string
  #layout: Layout | undefined
  #segment = 1
  #offset = 0
  #handle: FileHandle | undefined
  #writesSeen = -1
  /** A frame stands where the next one is looked for, and is not durable yet. */
  #isWaiting = false

  constructor(disk: SimDisk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  group(number: number): GroupOnDisk {
    let group = this.groups.get(number)
    if (group === undefined) this.groups.set(number, (group = new GroupOnDisk()))
    return group
  }

  catchUp(): void {
    const layout = (this.#layout ??= this.#readLayout())
    if (layout === undefined || (this.#writesSeen === this.#disk.writes && !this.#isWaiting)) return
    this.#writesSeen = this.#disk.writes
    this.#isWaiting = false
    for (;;) {
      if (this.#readFrame(layout)) continue
      // A segment ends where its frames do; the next one begins at its start.
      const [segment, offset, handle] = [this.#segment, this.#offset, this.#handle]
      if (offset === 0) return
      this.#open(segment + 1)
      this.#offset = 0
      if (this.#handle !== undefined && this.#readFrame(layout)) continue
      this.#segment = segment
      this.#offset = offset
      this.#handle = handle
      return
    }
  }

  #readLayout(): Layout | undefined {
    const file = this.#disk.image.files.get(`${this.#directory}/identity.json`)
    if (file === undefined) return undefined
    const identity: unknown = JSON.parse(new TextDecoder().decode(file.read(0, file.sizeBytes)))
    return identity as Layout
  }

  #open(segment: number): void {
    this.#segment = segment
    const path = `${this.#directory}/wal/${String(segment).padStart(12, "0")}.log`
    const file = this.#disk.image.files.get(path)
    this.#handle = file && {
      path,
      sizeBytes: file.sizeBytes,
      readSync: (offset, lengthBytes) => file.read(offset, lengthBytes),
      write: (_offset, _bytes, done) => done(undefined)
    }
  }

  #readFrame({ salt, segmentBytes }: Layout): boolean {
    if (this.#handle === undefined) this.#open(this.#segment)
    const file = this.#handle
    if (file === undefined) return false
    const frame = readFrameAt({ file, base: this.#segment * segmentBytes, salt }, this.#offset)
    if (frame === undefined) return false
    if (!this.#disk.isDurable(file.path, this.#offset, frame.lengthBytes)) {
      this.#isWaiting = true
      return false
    }
    this.#offset += frame.lengthBytes
    for (const { type, group, body } of frame.records) {
      if (group === 0) continue
      const record = decodeRecord(type, body)
      if (record === undefined) continue
      const onDisk = this.group(group)
      if (record._tag === "Promised") onDisk.promised = record.ballot
      if (record._tag !== "Appended") continue
      if (record.run.first <= onDisk.entries.last) onDisk.onReplaced?.(record.run.first)
      onDisk.entries.append(record.run)
      onDisk.onDurable?.(record.run.first, runLast(record.run))
    }
    return true
  }
}
