/**
 * The log of a node as its disk holds it, read frame by frame past the node's own memory: what is durable,
 * and nothing else.
 */
import { decodeRecord } from "../../actors/log/records.ts"
import { Slot } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { type Run, runLast, runsLast } from "../../protocol/log/run.ts"
import { type Base, noBase } from "../../protocol/log/view.ts"
import type { DurableRecord } from "../../protocol/step.ts"
import { frameBuffer, readFrameAt } from "../../runtime/storage/frames.ts"
import type { FileHandle } from "../../runtime/storage/port.ts"
import { frameMagic } from "../../runtime/storage/records.ts"
import { reachable, sometimes } from "../assert.ts"
import type { SimDisk } from "../disk/disk.ts"
import type { DiskImage } from "../disk/image.ts"
import type { SectorFile } from "../disk/sectors.ts"
import { toldOf } from "../disk/told.ts"
import { EntryLog } from "./entries.ts"
import { type SnapshotOnDisk, snapshotsOn } from "./snapshots.ts"

/** Type of the record of a node that gives a group its number in the log: two bytes, then the name. */
const groupNamed = 100
const decoder = new TextDecoder()

/** One group in a node's log on disk. */
export class GroupOnDisk {
  readonly entries = new EntryLog()
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
  }

  take(record: DurableRecord): void {
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
    // What stood before may differ from what is chosen: the snapshot is in its place.
    if (runs.length === 0) entries.cut(0)
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

const copied = sometimes("groups: a log was copied forward")
const removed = reachable("snapshots: a segment of the log was removed")

interface LogSegment {
  readonly number: number
  readonly file: SectorFile
  readonly handle: FileHandle
}

interface Layout {
  readonly storageId: string
  readonly salt: number
  readonly segmentBytes: number
  /** Number of the first segment that was not removed. */
  readonly first?: number
}

/**
 * Follows the write-ahead log of one data directory. `catchUp` reads the frames that have become durable
 * since the last call.
 */
export class DiskLog {
  readonly groups = new Map<number, GroupOnDisk>()
  /** The number of each group, by name. */
  readonly numbers = new Map<string, number>()
  /** Durable frames since the directory was formatted, as far as they were read. */
  frames = 0
  /** Called with each record of the node itself that has become durable. */
  onNodeRecord: ((type: number, body: Uint8Array) => void) | undefined
  readonly #disk: SimDisk
  readonly #directory: string
  readonly #machine: AnyMachine
  #layout: Layout | undefined
  #image: DiskImage | undefined
  #segment: LogSegment | undefined
  #next: LogSegment | undefined
  #offset = 0
  #writesSeen = -1
  /** Length of the frame that stands where the next one is looked for, and is not durable yet; 0: none. */
  #waitingBytes = 0
  /** Undefined while a frame in it is looked at. */
  #buffer: Uint8Array | undefined = frameBuffer()

  constructor(disk: SimDisk, directory: string, machine: AnyMachine) {
    this.#disk = disk
    this.#directory = directory
    this.#machine = machine
  }

  /** The sound snapshots of a group, as they are now; those that a power cut could take back are none. */
  snapshots(group: string): ReadonlyArray<SnapshotOnDisk> {
    const disk = this.#disk
    return snapshotsOn(
      disk.image,
      this.#directory,
      group,
      this.#machine,
      (path) => disk.durableFile(path) !== undefined
    )
  }

  group(number: number): GroupOnDisk {
    let group = this.groups.get(number)
    if (group === undefined) this.groups.set(number, (group = new GroupOnDisk()))
    return group
  }

  catchUp(): void {
    if (this.#image !== this.#disk.image && !this.#beginAnew()) return
    const layout = this.#layout
    if (layout === undefined || (this.#writesSeen === this.#disk.writes && this.#waitingBytes === 0)) return
    // What was waited for may be something else by now.
    if (this.#writesSeen !== this.#disk.writes) this.#waitingBytes = 0
    this.#writesSeen = this.#disk.writes
    // A segment that nothing was read of may have gone with the power, and have been made anew.
    if (this.#offset === 0) this.#segment = this.#ifThere(this.#segment)
    this.#next = this.#ifThere(this.#next)
    this.#segment ??= this.#find(layout.first ?? 1)
    while (this.#readFrame(layout) || this.#enterNext(layout));
    for (const group of this.groups.values()) group.isReread = false
  }

  /**
   * The disk is another one, or as it once was; false while it holds no log of this storage. What a disk held
   * that is gone stays known: acknowledgements that it gave are on their way yet.
   */
  #beginAnew(): boolean {
    const layout = this.#readLayout()
    if (layout === undefined || (this.#layout ?? layout).storageId !== layout.storageId) return false
    const isReread = this.#image !== undefined
    this.#image = this.#disk.image
    // What is about to be removed is read before.
    this.#image.onRemove = (path) => {
      if (!path.endsWith(".log")) return
      removed.reach()
      this.catchUp()
    }
    this.#layout = layout
    this.#segment = undefined
    this.#next = undefined
    this.#offset = 0
    this.#writesSeen = -1
    this.#waitingBytes = 0
    for (const group of this.groups.values()) {
      group.forget()
      group.isReread = isReread
    }
    return true
  }

  #readLayout(): Layout | undefined {
    const file = this.#disk.durableFile(`${this.#directory}/identity.json`)
    if (file === undefined) return undefined
    const identity: unknown = JSON.parse(new TextDecoder().decode(toldOf(file).read(0, file.sizeBytes)))
    return identity as Layout
  }

  #find(number: number): LogSegment | undefined {
    const path = `${this.#directory}/wal/${String(number).padStart(12, "0")}.log`
    const file = this.#disk.image.files.get(path)
    if (file === undefined) return undefined
    const handle: FileHandle = {
      path,
      sizeBytes: file.sizeBytes,
      readSync: (offset, lengthBytes, into) => toldOf(file).read(offset, lengthBytes, into),
      write: (_offset, _bytes, done) => done(undefined)
    }
    return { number, file, handle }
  }

  #ifThere(segment: LogSegment | undefined): LogSegment | undefined {
    const isThere = segment !== undefined && this.#disk.image.files.get(segment.handle.path) === segment.file
    return isThere ? segment : undefined
  }

  /** A segment ends where its frames do; the next one begins at its start. */
  #enterNext(layout: Layout): boolean {
    const [segment, offset, waitingBytes] = [this.#segment, this.#offset, this.#waitingBytes]
    if (segment === undefined || offset === 0) return false
    this.#next ??= this.#find(segment.number + 1)
    if (this.#next === undefined || !toldOf(this.#next.file).beginsWith(0, frameMagic)) return false
    this.#segment = this.#next
    this.#next = undefined
    this.#offset = 0
    this.#waitingBytes = 0
    if (this.#readFrame(layout)) return true
    this.#next = this.#segment
    this.#segment = segment
    this.#offset = offset
    this.#waitingBytes ||= waitingBytes
    return false
  }

  #readFrame({ salt, segmentBytes }: Layout): boolean {
    if (this.#segment === undefined || !toldOf(this.#segment.file).beginsWith(this.#offset, frameMagic))
      return false
    const { number, handle } = this.#segment
    const { path } = handle
    if (this.#waitingBytes > 0 && !this.#disk.isDurable(path, this.#offset, this.#waitingBytes)) return false
    this.#waitingBytes = 0
    const buffer = this.#buffer
    const frame = readFrameAt({ file: handle, base: number * segmentBytes, salt }, this.#offset, buffer)
    if (frame === undefined) return false
    if (!this.#disk.isDurable(path, this.#offset, frame.lengthBytes)) {
      this.#waitingBytes = frame.lengthBytes
      return false
    }
    this.#offset += frame.lengthBytes
    this.frames = frame.sequence
    this.#buffer = undefined
    for (const { type, group, body } of frame.records) {
      if (group === 0) {
        if (type === groupNamed)
          this.numbers.set(decoder.decode(body.subarray(2)), body[0]! | (body[1]! << 8))
        this.onNodeRecord?.(type, body)
        continue
      }
      const record = decodeRecord(type, body)
      if (record === undefined) continue
      this.group(group).take(record)
    }
    this.#buffer = buffer
    return true
  }
}
