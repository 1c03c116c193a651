/**
 * The log of a node as its disk holds it, read frame by frame past the node's own memory: what is durable,
 * and nothing else.
 */
import { decodeRecord } from "../../actors/log/records.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { frameBuffer, readFrameAt } from "../../runtime/storage/frames.ts"
import type { FileHandle } from "../../runtime/storage/port.ts"
import { frameMagic } from "../../runtime/storage/records.ts"
import { reachable } from "../assert.ts"
import type { SimDisk } from "../disk/disk.ts"
import type { DiskImage } from "../disk/image.ts"
import type { SectorFile } from "../disk/sectors.ts"
import { toldOf } from "../disk/told.ts"
import { GroupOnDisk } from "./group-on-disk.ts"
import { type SnapshotOnDisk, snapshotsOn } from "./snapshots.ts"

/** Type of the record of a node that gives a group its number in the log: two bytes, then the name. */
const groupNamed = 100
const decoder = new TextDecoder()

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
    return this.#snapshots(group, () => true)
  }

  #snapshots(group: string, counts: (path: string) => boolean): ReadonlyArray<SnapshotOnDisk> {
    const disk = this.#disk
    const isThere = (path: string) => counts(path) && disk.durableFile(path) !== undefined
    return snapshotsOn(disk.image, this.#directory, group, this.#machine, isThere)
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
    this.#image.onRemove = (path, isLost) => this.#removing(path, isLost)
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

  /** A file is about to go. What is about to be removed is read before. */
  #removing(path: string, isLost: boolean): void {
    const name = path.split("/").at(-1)!
    if (name.endsWith(".snapshot") && !isLost) return this.#removingSnapshot(path)
    if (!name.endsWith(".log")) return
    removed.reach()
    this.catchUp()
    if (isLost) return
    const segment = Number(name.split(".")[0])
    const layout = this.#readLayout()
    // Else it is one that was made a moment ago, and lost with the power.
    if (layout === undefined || segment >= (layout.first ?? 1)) return
    const [from, end] = [segment * layout.segmentBytes, (segment + 1) * layout.segmentBytes]
    for (const group of this.groups.values()) group.removed(from, end)
  }

  /** Of the snapshots from which the log goes on, on the disk, one has to stay. */
  #removingSnapshot(path: string): void {
    const name = path.split("/").at(-2)!
    const number = this.numbers.get(name)
    const group = number === undefined ? undefined : this.groups.get(number)
    if (group === undefined || group.base.slot === 0) return
    this.catchUp()
    const others = this.#snapshots(name, (other) => other !== path)
    const isReached = ({ slot }: SnapshotOnDisk) => slot >= group.base.slot && slot <= group.entries.last
    const isIt = this.#snapshots(name, (other) => other === path).some(isReached)
    if (isIt && !others.some(isReached)) group.onForgotten?.("its last snapshot that the log goes on from")
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
    const position = number * segmentBytes + this.#offset
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
      this.group(group).take(record, position)
    }
    this.#buffer = buffer
    return true
  }
}
