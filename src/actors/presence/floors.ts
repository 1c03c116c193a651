/**
 * How far the disks of the other nodes have come, as they said themselves: one that comes back with less is
 * an old copy, which has forgotten promises and votes that count.
 */
import { Data } from "effect"
import type { NodeId, Replica, StorageId } from "../../protocol/ids.ts"
import type { Floor } from "../../protocol/liveness/detector.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import { floorIn, floorOut } from "../../wire/detector-codec.ts"
import { Fields, readFields } from "../../wire/fields.ts"

/** A disk holds less than its node had told the others: an old copy was put back, or its end is gone. */
export class StorageRolledBack extends Data.TaggedError("StorageRolledBack")<{
  readonly node: string
  readonly frames: number
  readonly floor: number
  readonly by: string
}> {
  override get message(): string {
    return (
      `the data directory of ${this.node} is an old copy, or has lost its end: its log has come to frame ` +
      `${this.frames}, and ${this.by} has heard of ${this.floor}; ` +
      "do not run a node on it: put it aside and give the node an empty directory, and it returns as a " +
      "new replica"
    )
  }
}

const nodeGroup = 0
/** Type of a record of the node itself: all floors. */
const floorsNoted = 101
/** How often floors are written down, where they have risen. */
const noteEveryMs = 1000
/**
 * Where one has risen by so much. A note is a frame itself: if one were worth another, two idle nodes would
 * write down each other's notes for ever.
 */
const noteEveryFrames = 2
/** Disks that are remembered of a node: the last ones that it came with. */
const disksMax = 8
/** Names of disks are 32 characters long. Whoever makes up longer ones must not fill our memory with them. */
const storageMaxLength = 64
/** So many fit into a record, however small the segments are. */
const floorsPerRecord = 16

interface Known {
  /** The most that the disk was heard to have. */
  frames: number
  /** What this node's own disk says of it. */
  noted: number
}

/**
 * Recovered record by record before `attach`, written to after it. Raised in memory with every beat that is
 * heard; on the disk about once a second, by `note`.
 */
export class Floors {
  /** The disks of a node, the one that it came with last at the end. */
  readonly #byNode = new Map<NodeId, Map<StorageId, Known>>()
  #notedAtMs = Number.NEGATIVE_INFINITY
  /** Whether one has risen by so much that it is to be written down. */
  #hasRisen = false
  #wal: Wal | undefined

  /** Takes a record of the node that the log held. */
  recover(type: number, body: Uint8Array): void {
    if (type !== floorsNoted) return
    for (const { of, frames } of readFields(() => new Fields(unpack(body)).list(floorIn)) ?? []) {
      this.raise(of, frames)
      const known = this.#byNode.get(of.node)?.get(of.storage)
      if (known !== undefined) known.noted = frames
    }
    this.#hasRisen = false
  }

  attach(wal: Wal): void {
    this.#wal = wal
  }

  /** The most frames that a disk was heard to have; 0 where it was not heard. */
  of({ node, storage }: Replica): number {
    return this.#byNode.get(node)?.get(storage)?.frames ?? 0
  }

  get all(): ReadonlyArray<Floor> {
    return [...this.#byNode].flatMap(([node, disks]) =>
      [...disks].map(([storage, { frames }]) => ({ of: { node, storage }, frames }))
    )
  }

  /** A node told how many frames its disk has; false where it was heard to have more. */
  raise({ node, storage }: Replica, frames: number): boolean {
    let disks = this.#byNode.get(node)
    const known = disks?.get(storage)
    if (known !== undefined && frames <= known.frames) return frames === known.frames
    if (frames === 0 || storage.length > storageMaxLength) return true
    if (disks === undefined) this.#byNode.set(node, (disks = new Map()))
    // Of several disks the one that it came with last is forgotten last.
    else if (disks.size > 1) disks.delete(storage)
    const raised = known ?? { frames: 0, noted: 0 }
    disks.set(storage, raised)
    this.#lift(raised, frames)
    if (disks.size > disksMax) disks.delete(disks.keys().next().value!)
    return true
  }

  /**
   * Somebody else told how many frames the disk of a node has. That puts nothing in the place of a disk that
   * is remembered: two who remember different ones would make each other forget the newest.
   */
  raiseByHearsay(of: Replica, frames: number): void {
    const disks = this.#byNode.get(of.node)
    const known = disks?.get(of.storage)
    if (known === undefined && (disks?.size ?? 0) < disksMax) this.raise(of, frames)
    else if (known !== undefined && frames > known.frames) this.#lift(known, frames)
  }

  #lift(known: Known, frames: number): void {
    known.frames = frames
    this.#hasRisen ||= frames - known.noted >= noteEveryFrames
  }

  /** Writes down what has risen, about once a second. `nowMs` is the monotonic clock. */
  note(nowMs: number): void {
    if (nowMs - this.#notedAtMs < noteEveryMs || !this.#hasRisen) return
    this.#notedAtMs = nowMs
    this.checkpoint()
    // A log that fails tells all who write to it; whoever votes ends the node then.
    this.#wal!.sync(() => {})
  }

  /** Writes everything down, at the end of the log; durable with the next sync. */
  checkpoint(): void {
    const { all } = this
    for (let at = 0; at < all.length; at += floorsPerRecord)
      this.#wal!.append(floorsNoted, nodeGroup, [pack([all.slice(at, at + floorsPerRecord).map(floorOut)])])
    for (const disks of this.#byNode.values()) for (const known of disks.values()) known.noted = known.frames
    this.#hasRisen = false
  }
}
