/** The write-ahead log of a node: records of all its groups in one sequence of durable frames. */
import { Effect, Exit, Scope } from "effect"
import {
  reading,
  StorageCorrupted,
  type UnknownFormat,
  WalClosed,
  type WalFailure,
  type WrongCluster,
  type WrongNode
} from "./errors.ts"
import { firstSequence, frameBuffer, readFrameAt } from "./frames.ts"
import { drawIdentity, type Identity, readIdentity, writeIdentity } from "./identity.ts"
import { type DirectoryInUse, type DiskFailed, Files } from "./port.ts"
import type { WalRecord } from "./records.ts"
import { recover } from "./recover.ts"
import { listSegments, openSegments, type Position, type Segments } from "./segments.ts"
import { untilSynced } from "./until-synced.ts"
import { LogWriter, type SyncDone } from "./writer.ts"

export type { Position, WalFailure, WalRecord }

export interface WalOptions {
  /**
   * The data directory; made where it is absent. It belongs to one process at a time, and to one cluster for
   * ever.
   */
  readonly directory: string
  readonly clusterId: string
  /** The node whose directory it is, and for ever; one that names no node is given this name. */
  readonly node?: string
  /**
   * Size of a segment file, 64 MB unless told. It counts when the directory is formatted; afterwards the
   * directory knows.
   */
  readonly segmentBytes?: number
  /** A frame is closed before it outgrows this, 1 MB unless told; a single record may be larger. */
  readonly frameMaxBytes?: number
  /**
   * Runs something soon, when all that is ready to run has run. Where it is given, a write waits for that,
   * and takes along what others have to write by then; else it begins at once, which is best where nobody
   * else writes.
   */
  readonly soon?: (run: () => void) => void
}

/** How far a log has come. */
export interface WalStats {
  /** Durable frames since the directory was formatted. */
  readonly frames: number
  /** Bytes of the segments there are, up to the end of the last durable frame. */
  readonly bytes: number
  /** Segment files, the one made ahead of need included. */
  readonly segments: number
  readonly segmentBytes: number
  /** Records staged and not yet handed to the disk. */
  readonly stagedRecords: number
  /** Where the first frame is, and where the next one goes. */
  readonly startPosition: Position
  readonly endPosition: Position
}

export interface Wal {
  readonly clusterId: string
  /** Drawn when the directory was formatted: a wiped disk comes back as somebody else. */
  readonly storageId: string
  /**
   * Stages a record; its body is the parts one after the other. The parts must not change until the record is
   * durable. Throws a `RangeError` for a type over 255, a group over 65535, or a body that no segment could
   * hold.
   */
  readonly append: (type: number, group: number, parts: ReadonlyArray<Uint8Array>) => void
  /**
   * Calls `done` once all that was staged before is durable, in the order of the calls, with the position of
   * the frame that holds the first record staged since the sync before (of the last frame, if there was
   * none); or with why it may not be: that is for good, open the log again. With nothing staged and nothing
   * under way it calls back before it returns.
   */
  readonly sync: (done: SyncDone) => void
  /**
   * Reads the durable frame at a position, and where the next one begins; undefined at the end of the log.
   * Its records are there until the next call: whoever keeps them copies. The checksum is checked again:
   * throws `StorageCorrupted` where no frame stands at the position, `DiskFailed` where the disk cannot read.
   */
  readonly readFrame: (
    position: Position
  ) => { readonly records: ReadonlyArray<WalRecord>; readonly next: Position } | undefined
  readonly stats: () => WalStats
  /**
   * Makes everything staged durable and notes how far the log has come: should what lies before that point
   * ever be gone, the next opening notices, where otherwise it would take the log for a shorter one.
   */
  readonly mark: Effect.Effect<void, WalFailure>
  /**
   * Removes the segments that lie wholly before a position and returns how many. What they hold and is still
   * needed must stand behind that position, durably. The segment that is written to always stays.
   */
  readonly removeBefore: (position: Position) => Effect.Effect<number, DiskFailed | StorageCorrupted>
}

const defaultSegmentBytes = 64 << 20
const defaultFrameMaxBytes = 1 << 20
/** The least that a file of the log may have. */
export const segmentBytesMin = 4096

const checkOptions = (segmentBytes: number, frameMaxBytes: number): void => {
  if (!Number.isInteger(segmentBytes) || segmentBytes < segmentBytesMin || segmentBytes > 2 ** 31) {
    throw new RangeError(
      `segmentBytes is a whole number from ${segmentBytesMin} to 2^31, not ${segmentBytes}`
    )
  }
  if (!(frameMaxBytes > 0)) throw new RangeError(`frameMaxBytes is above 0, not ${frameMaxBytes}`)
}

// The identity is written before the first segment is, and counts it after: a crash between leaves a
// directory that counts none, which is formatted anew.
const identify = Effect.fnUntraced(function* (
  { directory, clusterId, node }: WalOptions,
  segmentBytes: number
) {
  const known = yield* readIdentity(directory, clusterId, node)
  const named = node === undefined ? {} : { node }
  if (known !== undefined) {
    const identity: Identity = { ...known, ...named }
    if (identity.node !== known.node) yield* writeIdentity(directory, identity)
    return identity
  }
  if ((yield* listSegments(directory)).length > 0) {
    const reason = "there are log segments, and no identity.json that says whose they are"
    return yield* new StorageCorrupted({ path: `${directory}/identity.json`, offset: 0, reason })
  }
  const drawn: Identity = { ...(yield* drawIdentity(clusterId, segmentBytes)), ...named }
  yield* writeIdentity(directory, drawn)
  return drawn
})

const readAgain = frameBuffer()

const makeReadFrame =
  (segments: Segments, writer: LogWriter, salt: number): Wal["readFrame"] =>
  (position) => {
    const { segmentBytes } = segments
    let number = Math.floor(position / segmentBytes)
    let offset = position - number * segmentBytes
    // The frames of a segment end before the segment does: the next one is at the beginning of the next.
    if (number < writer.segment && offset === writer.ends.get(number)) {
      number += 1
      offset = 0
    }
    if (number > writer.segment || (number === writer.segment && offset >= writer.offset)) return undefined
    const start = segments.first() * segmentBytes
    if (number < segments.first())
      throw new RangeError(`the log begins at position ${start}, not at ${position}`)
    const file = segments.handle(number)
    const base = number * segmentBytes
    const frame = readFrameAt({ file, base, salt }, offset, readAgain)
    if (frame !== undefined) return { records: frame.records, next: base + offset + frame.lengthBytes }
    throw new StorageCorrupted({
      path: file.path,
      offset,
      reason: "no sound frame stands where one was asked for"
    })
  }

const removeBefore =
  (segments: Segments, writer: LogWriter, salt: number): Wal["removeBefore"] =>
  (position) =>
    Effect.gen(function* () {
      const { segmentBytes } = segments
      const first = segments.first()
      const segment = Math.min(Math.floor(position / segmentBytes), writer.segment)
      if (segment <= first) return 0
      const file = segments.handle(segment)
      const sequence = yield* reading(() => firstSequence({ file, base: segment * segmentBytes, salt }))
      // Nothing stands in it yet.
      if (sequence === undefined) return 0
      yield* segments.removeBefore(segment, sequence, writer.durableEnd)
      for (let removed = first; removed < segment; removed++) writer.ends.delete(removed)
      return segment - first
    })

type OpenFailure = DiskFailed | DirectoryInUse | WrongCluster | WrongNode | UnknownFormat | StorageCorrupted

const openIn = Effect.fnUntraced(function* (
  options: WalOptions,
  onRecord: (record: WalRecord, framePosition: Position) => void
): Effect.fn.Return<Wal, OpenFailure, Files | Scope.Scope> {
  const { directory, clusterId } = options
  const segmentBytes = options.segmentBytes ?? defaultSegmentBytes
  const frameMaxBytes = options.frameMaxBytes ?? defaultFrameMaxBytes
  checkOptions(segmentBytes, frameMaxBytes)
  const files = yield* Files
  yield* files.makeDirectory(directory)
  yield* files.lock(directory)
  yield* files.makeDirectory(`${directory}/wal`)
  const identity = yield* identify(options, segmentBytes)
  const segments = yield* openSegments(directory, identity)
  const recovered = yield* recover(segments, identity, onRecord)
  const writer = new LogWriter(segments, identity.salt, frameMaxBytes, recovered, options.soon)
  const startPosition = () => segments.first() * identity.segmentBytes
  const endPosition = () => writer.segment * identity.segmentBytes + writer.offset
  const synced = untilSynced((done) => writer.sync(done))
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Effect.ignore(Effect.suspend(() => segments.mark(writer.durableEnd))),
      Effect.sync(() => writer.close(new WalClosed({ directory })))
    )
  )
  return {
    clusterId,
    storageId: identity.storageId,
    append: (type, group, parts) => writer.append(type, group, parts),
    sync: (done) => writer.sync(done),
    readFrame: makeReadFrame(segments, writer, identity.salt),
    mark: Effect.andThen(
      synced,
      Effect.suspend(() => segments.mark(writer.durableEnd))
    ),
    removeBefore: removeBefore(segments, writer, identity.salt),
    stats: () => ({
      frames: writer.sequence,
      bytes: endPosition() - startPosition(),
      segments: segments.last() - segments.first() + 1,
      segmentBytes: segments.segmentBytes,
      stagedRecords: writer.stagedRecordCount(),
      startPosition: startPosition(),
      endPosition: endPosition()
    })
  }
})

/**
 * Opens the log of a data directory, formatting the directory if it is empty, and hands on every record that
 * it holds, in the order in which they were staged. The body of a record is good during the call only: copy
 * what is kept.
 *
 * A torn tail, which only a crash within a write leaves, is cut. Rot inside the very last frame cannot be
 * told from one.
 *
 * Fails with `DirectoryInUse` where another process has the directory, `WrongCluster` where it belongs to
 * another cluster, `WrongNode` where it belongs to another node,
 * `UnknownFormat` where another version wrote it, `StorageCorrupted` where something that was durable is gone
 * or changed, and
 * `DiskFailed`. The log is closed with the scope.
 *
 * @example
 * ```ts
 * const program = Effect.gen(function* () {
 *   const kept: Array<number> = []
 *   const wal = yield* openWal({ directory: "data/n1", clusterId: "shop" }, (record) =>
 * kept.push(record.type))
 *   wal.append(1, 0, [new TextEncoder().encode("hello")])
 *   wal.sync((failure, position) => console.log(failure?.message ?? `durable at ${position}`))
 * }).pipe(Effect.scoped, Effect.provide(filesLayer()))
 * ```
 */
export const openWal = Effect.fnUntraced(function* (
  options: WalOptions,
  onRecord: (record: WalRecord, framePosition: Position) => void
): Effect.fn.Return<Wal, OpenFailure, Files | Scope.Scope> {
  // A scope of its own, so that a log that could not be opened does not keep the directory.
  const scope = yield* Scope.fork(yield* Effect.scope)
  return yield* openIn(options, onRecord).pipe(
    Scope.provide(scope),
    Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void))
  )
})
