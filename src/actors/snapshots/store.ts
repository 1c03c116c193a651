/** The snapshots of one group in a node's data directory: one file each, there wholly or not at all. */
import { Clock, Data, Effect } from "effect"
import { noSlot, type Slot } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica, type ReplicaState } from "../../protocol/learner/replica.ts"
import {
  type FrozenReplica,
  RestoredReplica,
  readHead,
  type SnapshotHead
} from "../../protocol/learner/snapshot.ts"
import { knob } from "../../runtime/buggify.ts"
import { pack, unpack } from "../../runtime/codec.ts"
import { monotonicMs } from "../../runtime/monotonic.ts"
import { BlockWriter, firstBlock, readBlocks } from "../../runtime/storage/blocks.ts"
import { reading, StorageCorrupted } from "../../runtime/storage/errors.ts"
import { type AppendPart, type DiskFailed, Files, type FilesShape } from "../../runtime/storage/port.ts"
import { pauseAfterMs } from "../../runtime/storage/steps.ts"

/** A snapshot is of a machine that this node does not run. Nothing of it was taken. */
export class SnapshotRefused extends Data.TaggedError("SnapshotRefused")<{
  readonly path: string
  readonly found: string
  readonly expected: string
}> {
  override get message(): string {
    return (
      `the snapshot ${this.path} is of ${this.found}, and this node runs ${this.expected}; ` +
      "run the version of the machine that wrote it, on all nodes of the group"
    )
  }
}

/** A snapshot that is on the disk. */
export interface StoredSnapshot {
  readonly head: SnapshotHead
  readonly path: string
  readonly sizeBytes: number
}

/** Written at once; in between others get the processor and the disk. */
const writeBytes = knob("snapshot-write-bytes", 64 << 10, { min: 1, max: 4096 })

/** Whoever has asked for a piece within this time is going to ask for the next one. */
const pulledForMs = 5000

const namePattern = /^(\d{16})\.snapshot$/

/** Whether a snapshot is of this group and this machine; why not, as an error. */
export const checkHead = (
  head: SnapshotHead,
  path: string,
  group: string,
  machine: AnyMachine
): SnapshotRefused | undefined => {
  const show = (of: string, name: string, version: number) => `the machine ${name} ${version} of group ${of}`
  if (head.group === group && head.machine === machine.name && head.version === machine.version)
    return undefined
  const found = show(head.group, head.machine, head.version)
  return new SnapshotRefused({ path, found, expected: show(group, machine.name, machine.version) })
}

/**
 * Lays out the parts of a snapshot and hands them on in pieces of a good size, with pauses as long as the
 * work.
 */
const writeAll = Effect.fnUntraced(function* (frozen: FrozenReplica, append: AppendPart) {
  const blocks = new BlockWriter()
  let pieces: Array<Uint8Array> = []
  let gathered = 0
  let sizeBytes = 0
  let began = yield* Clock.monotonicTimeNanos
  const flush = Effect.suspend(() => {
    const bytes = new Uint8Array(Buffer.concat(pieces))
    pieces = []
    gathered = 0
    sizeBytes += bytes.length
    return append(bytes)
  })
  for (const part of frozen.parts) {
    const block = blocks.block(pack(part))
    pieces.push(block)
    gathered += block.length
    if (gathered < writeBytes.value) continue
    yield* flush
    const tookMs = Number((yield* Clock.monotonicTimeNanos) - began) / 1e6
    yield* Effect.sleep(pauseAfterMs(tookMs, 1))
    began = yield* Clock.monotonicTimeNanos
  }
  pieces.push(blocks.end())
  yield* flush
  return sizeBytes
})

export class SnapshotStore {
  readonly group: string
  readonly machine: AnyMachine
  readonly #files: FilesShape
  readonly #directory: string
  /** From the oldest to the newest. */
  #held: Array<StoredSnapshot>
  /** When a piece of it was last read for another node, by path. */
  readonly #readAtMs = new Map<string, number>()

  constructor(
    files: FilesShape,
    directory: string,
    group: string,
    machine: AnyMachine,
    held: Array<StoredSnapshot>
  ) {
    this.#files = files
    this.#directory = directory
    this.group = group
    this.machine = machine
    this.#held = held
  }

  get held(): ReadonlyArray<StoredSnapshot> {
    return this.#held
  }

  get newest(): StoredSnapshot | undefined {
    return this.#held[this.#held.length - 1]
  }

  pathOf(slot: Slot): string {
    return `${this.#directory}/${String(slot).padStart(16, "0")}.snapshot`
  }

  /**
   * Writes a snapshot; durable on return. Fails with `DiskFailed`, `full` where there is no room: then there
   * is no trace of it.
   */
  write(frozen: FrozenReplica): Effect.Effect<StoredSnapshot, DiskFailed> {
    const { head } = frozen
    return this.receive(head.slot, (append) =>
      Effect.map(writeAll(frozen, append), (sizeBytes) => ({ head, sizeBytes }))
    )
  }

  /**
   * Makes the snapshot at a slot of what `fill` appends; `fill` returns its beginning, and how many bytes it
   * were.
   */
  receive<E>(
    slot: Slot,
    fill: (append: AppendPart) => Effect.Effect<Omit<StoredSnapshot, "path">, E>
  ): Effect.Effect<StoredSnapshot, DiskFailed | E> {
    const path = this.pathOf(slot)
    let filled: Omit<StoredSnapshot, "path"> | undefined
    const noted = (append: AppendPart) =>
      Effect.map(fill(append), (result) => {
        filled = result
      })
    return Effect.map(this.#files.writeInParts(path, noted), () => {
      const stored: StoredSnapshot = { ...filled!, path }
      this.#held = [...this.#held.filter((other) => other.path !== path), stored].sort(
        (a, b) => a.head.slot - b.head.slot
      )
      return stored
    })
  }

  /**
   * Removes the snapshots of slots before this one; those that somebody pulls at the moment, another time.
   */
  removeBefore(slot: Slot): Effect.Effect<void, DiskFailed> {
    return Effect.gen({ self: this }, function* () {
      const nowMs = yield* monotonicMs
      for (const snapshot of this.#held.filter(({ head }) => head.slot < slot)) {
        const readAtMs = this.#readAtMs.get(snapshot.path)
        if (readAtMs === undefined || nowMs - readAtMs > pulledForMs) yield* this.remove(snapshot)
      }
    })
  }

  remove(snapshot: StoredSnapshot): Effect.Effect<void, DiskFailed> {
    return Effect.suspend(() => {
      this.#held = this.#held.filter((other) => other !== snapshot)
      this.#readAtMs.delete(snapshot.path)
      return this.#files.remove(snapshot.path)
    })
  }

  /** Reads a snapshot and makes the replica that it was made of. */
  load(
    snapshot: StoredSnapshot
  ): Effect.Effect<ReplicaState, DiskFailed | StorageCorrupted | SnapshotRefused> {
    const { machine, group } = this
    return Effect.gen({ self: this }, function* () {
      const refused = checkHead(snapshot.head, snapshot.path, group, machine)
      if (refused !== undefined) return yield* refused
      const restored = new RestoredReplica(machine)
      const file = yield* this.#files.open(snapshot.path)
      yield* readBlocks(file, (content) => restored.add(unpack(content)))
      const { replica } = restored
      if (replica !== undefined) return replica
      const reason = "it ends before its last part"
      return yield* new StorageCorrupted({ path: snapshot.path, offset: snapshot.sizeBytes, reason })
    }).pipe(Effect.scoped)
  }

  /** Reads a piece of a snapshot's file, for somebody who is going to ask for the next one. */
  read(snapshot: StoredSnapshot, offset: number, maxBytes: number) {
    return Effect.gen({ self: this }, function* () {
      this.#readAtMs.set(snapshot.path, yield* monotonicMs)
      const file = yield* this.#files.open(snapshot.path)
      return yield* reading(() => file.readSync(offset, maxBytes))
    }).pipe(Effect.scoped)
  }
}

/** Opens the snapshots of a group, and clears away what a crash left of one. */
export const openSnapshotStore = Effect.fnUntraced(function* (
  data: string,
  group: string,
  machine: AnyMachine
) {
  const files = yield* Files
  const directory = `${data}/snapshots/${group}`
  yield* files.makeDirectory(directory)
  const held: Array<StoredSnapshot> = []
  for (const name of yield* files.list(directory)) {
    const path = `${directory}/${name}`
    if (name.endsWith(".making")) yield* files.remove(path)
    if (!namePattern.test(name)) continue
    const opened = yield* Effect.scoped(
      Effect.flatMap(files.open(path), (file) =>
        Effect.map(firstBlock(file), (block) => ({ block, sizeBytes: file.sizeBytes }))
      )
    )
    const head = opened.block && readHead(unpack(opened.block))
    if (head !== undefined) held.push({ head, path, sizeBytes: opened.sizeBytes })
    else yield* Effect.logWarning(`the snapshot ${path} is damaged and is left aside`)
  }
  return new SnapshotStore(files, directory, group, machine, held)
})

/** What a replica is restored for: its log says from where on it has entries. */
interface RestoredFor {
  readonly base: { readonly slot: Slot }
  readonly last: Slot
}

/**
 * The replica of the newest sound snapshot that the log goes on from; the empty one where there is none and
 * the log has its beginning. A damaged snapshot gives way to an older one. Fails with `StorageCorrupted`
 * where none is left that reaches the log, `SnapshotRefused` where one is of another machine, and
 * `DiskFailed`.
 */
export const restoreReplica = Effect.fnUntraced(function* (store: SnapshotStore, log: RestoredFor) {
  const damaged: Array<StoredSnapshot> = []
  for (const snapshot of [...store.held].reverse()) {
    const { slot } = snapshot.head
    // It came from elsewhere, and the log was not begun behind it before the node stopped.
    if (slot > log.last) yield* store.remove(snapshot)
    if (slot > log.last || slot < log.base.slot) continue
    const loaded = yield* store.load(snapshot).pipe(
      Effect.catchTag("StorageCorrupted", (damage) => {
        damaged.push(snapshot)
        return Effect.as(Effect.logWarning(`${damage.path} is damaged: ${damage.reason}`), undefined)
      })
    )
    if (loaded === undefined) continue
    for (const other of damaged) yield* store.remove(other)
    return loaded
  }
  if (log.base.slot === noSlot) return emptyReplica(store.machine)
  const reason = `the log begins behind slot ${log.base.slot}, and no sound snapshot reaches it`
  return yield* new StorageCorrupted({ path: store.pathOf(log.base.slot), offset: 0, reason })
})
