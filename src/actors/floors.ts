/**
 * How far the disks of the other nodes have come, as they said themselves: one that comes back with less is
 * an old copy, which has forgotten promises and votes that count.
 */
import { Data } from "effect"
import type { Floor } from "../protocol/detector.ts"
import type { NodeId, Replica, StorageId } from "../protocol/ids.ts"
import { pack, unpack } from "../runtime/codec.ts"
import type { Wal } from "../runtime/storage/wal.ts"
import { floorIn, floorOut } from "../wire/detector-codec.ts"
import { Fields, readFields } from "../wire/fields.ts"

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
      "do not run a node on it: give the node an empty directory, and it returns as a new replica"
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
/** Disks that are remembered of a node; the newest of those that it came with. */
const disksMax = 8

/**
 * Recovered record by record before `attach`, written to after it. Raised in memory with every beat that is
 * heard, and on the disk about once a second.
 */
export class Floors {
  readonly #byNode = new Map<NodeId, Map<StorageId, number>>()
  /** What the disk has, by storage. */
  readonly #noted = new Map<StorageId, number>()
  #notedAtMs = Number.NEGATIVE_INFINITY
  #wal: Wal | undefined

  /** Takes a record of the node that the log held. */
  recover(type: number, body: Uint8Array): void {
    if (type !== floorsNoted) return
    for (const { of, frames } of readFields(() => new Fields(unpack(body)).list(floorIn)) ?? []) {
      this.#raise(of, frames)
      this.#noted.set(of.storage, frames)
    }
  }

  attach(wal: Wal): void {
    this.#wal = wal
  }

  /** The most frames that a disk was heard to have; 0 where it was not heard. */
  of({ node, storage }: Replica): number {
    return this.#byNode.get(node)?.get(storage) ?? 0
  }

  get all(): ReadonlyArray<Floor> {
    return [...this.#byNode].flatMap(([node, disks]) =>
      [...disks].map(([storage, frames]) => ({ of: { node, storage }, frames }))
    )
  }

  /** A disk was heard to have so many frames. `nowMs` is the monotonic clock. */
  raise(of: Replica, frames: number, nowMs: number): void {
    if (frames > this.of(of)) this.#raise(of, frames)
    if (nowMs - this.#notedAtMs < noteEveryMs || !this.#hasRisen()) return
    this.#notedAtMs = nowMs
    this.checkpoint()
    // A log that fails tells all who write to it; whoever votes ends the node then.
    this.#wal!.sync(() => {})
  }

  /** Writes everything down, at the end of the log; durable with the next sync. */
  checkpoint(): void {
    const { all } = this
    this.#noted.clear()
    for (const { of, frames } of all) this.#noted.set(of.storage, frames)
    if (all.length > 0) this.#wal!.append(floorsNoted, nodeGroup, [pack([all.map(floorOut)])])
  }

  #raise({ node, storage }: Replica, frames: number): void {
    let disks = this.#byNode.get(node)
    if (disks === undefined) this.#byNode.set(node, (disks = new Map()))
    disks.set(storage, frames)
    if (disks.size > disksMax) disks.delete(disks.keys().next().value!)
  }

  #hasRisen(): boolean {
    for (const disks of this.#byNode.values())
      for (const [storage, frames] of disks)
        if (frames - (this.#noted.get(storage) ?? 0) >= noteEveryFrames) return true
    return false
  }
}
