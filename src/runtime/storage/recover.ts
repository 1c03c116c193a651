/**
 * Reading a log back: every frame is checked, a torn tail is cut, and damage anywhere else is reported.
 *
 * One write is under way at a time, so a crash can tear the last frame only. Hence a frame that does not
 * check is the torn tail if nothing stands after it, and damage if a sound frame does, or any byte behind the
 * end that its header names: rot, with a torn write after it. A log that ends before the position that its
 * directory noted is damaged, too. All of that is found before anything is cut, so that what is left can
 * still be looked at. The limit of this: rot inside the very last frame looks like a torn write, and is cut;
 * and so is rot in the one before, if a crash tears the last one, where it hits the header or the header lies
 * across two sectors.
 */
import { Effect } from "effect"
import { reading, StorageCorrupted } from "./errors.ts"
import {
  firstSequence,
  headerEnd,
  inspectWindow,
  joined,
  type Progress,
  type Remains,
  type Segment,
  scanWindow,
  windowBytes
} from "./frames.ts"
import type { Identity } from "./identity.ts"
import type { DiskFailed, FileHandle } from "./port.ts"
import type { WalRecord } from "./records.ts"
import type { Position, Segments } from "./segments.ts"
import { StretchChecksums } from "./stretch-checksums.ts"

/** Where a log ends, and how its segments are filled. */
export interface Recovered {
  /** Where the next frame goes. */
  readonly segment: number
  readonly offset: number
  /** Sequence number of the last frame, 0 in an empty log. */
  readonly sequence: number
  /** Position of the last frame; of the beginning of the log, if it is empty. */
  readonly lastFrame: Position
  /** Offset where the frames of each segment before the last end, by segment number. */
  readonly ends: Map<number, number>
}

const writeDurably = (file: FileHandle, offset: number, bytes: Uint8Array) =>
  Effect.callback<void, DiskFailed>((resume) => {
    file.write(offset, bytes, (failure) => resume(failure === undefined ? Effect.void : Effect.fail(failure)))
  })

/**
 * Looks through a segment from `offset` to its end: the first frame found there, or what else is not zero.
 */
const inspect = Effect.fnUntraced(function* (segment: Segment, offset: number) {
  const checksums = new StretchChecksums(segment.file, offset)
  let dirty: Remains["dirty"]
  for (let at = offset; at < segment.file.sizeBytes; at += windowBytes) {
    const remains = yield* reading(() => inspectWindow(segment, at, checksums))
    if (remains.frameOffset !== undefined) return remains
    dirty = joined(dirty, remains.dirty)
    yield* Effect.yieldNow
  }
  return { frameOffset: undefined, dirty } satisfies Remains
})

/** Where the frames of a segment end, and what else is in it behind them. */
interface End {
  readonly segment: Segment
  readonly offset: number
  readonly dirty: Remains["dirty"]
}

const cut = Effect.fnUntraced(function* (segment: Segment, dirty: Remains["dirty"]) {
  if (dirty === undefined) return
  const zeros = new Uint8Array(Math.min(windowBytes, dirty.to - dirty.from))
  for (let at = dirty.from; at < dirty.to; at += zeros.length) {
    yield* writeDurably(segment.file, at, zeros.subarray(0, Math.min(zeros.length, dirty.to - at)))
  }
})

// Whatever a torn write left is met by no later opening: beside a new frame it could not be told from damage.
// Zeros of an opening that was killed may lie in the system's cache only, and what they were to cut come back
// with a power cut, when there are new frames: hence the note, by which they are written again, where they
// are read too.
const cutEnds = Effect.fnUntraced(function* (
  segments: Segments,
  wasCutting: boolean,
  ends: ReadonlyArray<End>
) {
  if (!wasCutting) {
    if (ends.every(({ dirty }) => dirty === undefined)) return
    yield* segments.noteCutting(true)
  }
  for (const { segment, offset, dirty } of ends)
    yield* cut(segment, wasCutting ? { from: offset, to: segment.file.sizeBytes } : dirty)
  yield* segments.noteCutting(false)
})

// A process killed in a write may have left the frame in the system's cache only, where it reads as if it
// were durable; and what was read is acted upon. The frames before it were acknowledged by the disk.
const rewriteLastFrame = Effect.fnUntraced(function* (segment: Segment, progress: Progress) {
  const { lastOffset } = progress
  if (lastOffset === undefined) return
  const bytes = yield* reading(() => segment.file.readSync(lastOffset, progress.offset - lastOffset))
  yield* writeDurably(segment.file, lastOffset, bytes)
})

const damage = (segment: Segment, offset: number, reason: string) =>
  new StorageCorrupted({ path: segment.file.path, offset, reason })

// Nothing is written behind a frame before it is durable.
const checkNothingFollows = Effect.fnUntraced(function* (
  segment: Segment,
  progress: Progress,
  dirty: Remains["dirty"]
) {
  if (dirty === undefined) return
  const end = yield* reading(() => headerEnd(segment, progress.offset, progress.sequence + 1))
  if (end === undefined || dirty.to <= end) return
  return yield* damage(segment, progress.offset, `${unsound(progress)}, and something was written after it`)
})

const checkReached = (segment: Segment, { offset }: Progress, durable: Position) => {
  const missingBytes = durable - (segment.base + offset)
  if (missingBytes <= 0) return Effect.void
  return damage(segment, offset, `the log ends here, and it had reached ${missingBytes} bytes more`)
}

const unsound = (progress: Progress) => `frame ${progress.sequence + 1} does not check`

/** Reads the whole log, handing on each record in order, and makes it fit to be written to. */
export const recover = Effect.fnUntraced(function* (
  segments: Segments,
  identity: Pick<Identity, "salt" | "durable" | "firstSequence" | "cutting">,
  onRecord: (record: WalRecord, framePosition: Position) => void
): Effect.fn.Return<Recovered, DiskFailed | StorageCorrupted> {
  const { salt, durable, firstSequence: sequence, cutting } = identity
  const segmentOf = (number: number): Segment => ({
    file: segments.handle(number),
    base: number * segments.segmentBytes,
    salt
  })
  const ends = new Map<number, number>()
  let number = segments.first()
  let segment = segmentOf(number)
  let progress: Progress = { offset: 0, sequence: sequence - 1, lastOffset: undefined }
  let lastFrame: Position = segment.base
  let last: { readonly segment: Segment; readonly progress: Progress } | undefined

  for (;;) {
    while (yield* reading(() => scanWindow(segment, progress, onRecord))) yield* Effect.yieldNow
    if (progress.lastOffset !== undefined) {
      lastFrame = segment.base + progress.lastOffset
      last = { segment, progress }
    }
    const torn = yield* inspect(segment, progress.offset)
    if (torn.frameOffset !== undefined) {
      const reason = `${unsound(progress)}, and a sound one follows at ${torn.frameOffset}`
      return yield* damage(segment, progress.offset, reason)
    }
    if (number < segments.last()) {
      const next = segmentOf(number + 1)
      if ((yield* reading(() => firstSequence(next))) === progress.sequence + 1) {
        if (torn.dirty !== undefined) {
          return yield* damage(segment, torn.dirty.from, "there are bytes between the last frame and the end")
        }
        ends.set(number, progress.offset)
        number += 1
        segment = next
        progress = { offset: 0, sequence: progress.sequence, lastOffset: undefined }
        continue
      }
    }
    const tornEnds: Array<End> = [{ segment, offset: progress.offset, dirty: torn.dirty }]
    for (let after = number + 1; after <= segments.last(); after++) {
      const remains = yield* inspect(segmentOf(after), 0)
      if (remains.frameOffset !== undefined) {
        const reason = `${unsound(progress)}, and a sound one follows in a later segment`
        return yield* damage(segment, progress.offset, reason)
      }
      tornEnds.push({ segment: segmentOf(after), offset: 0, dirty: remains.dirty })
    }
    yield* checkNothingFollows(segment, progress, torn.dirty)
    yield* checkReached(segment, progress, durable)
    yield* cutEnds(segments, cutting, tornEnds)
    if (last !== undefined) yield* rewriteLastFrame(last.segment, last.progress)
    return { segment: number, offset: progress.offset, sequence: progress.sequence, lastFrame, ends }
  }
})
