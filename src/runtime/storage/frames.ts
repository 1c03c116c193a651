/** Finding and checking the frames of a segment file, a window of it in memory at a time. */
import { StorageCorrupted } from "./errors.ts"
import type { FileHandle } from "./port.ts"
import {
  checksumHolds,
  checksummedFrom,
  eachRecord,
  frameChecksum,
  frameHeaderBytes,
  frameLength,
  frameMagic,
  frameRecordCount,
  frameSeed,
  frameSequence,
  hasMagic,
  type WalRecord
} from "./records.ts"
import type { Position } from "./segments.ts"
import type { StretchChecksums } from "./stretch-checksums.ts"

/** How much of a file is read, or looked through, before others run. */
export const windowBytes = 1 << 20

/** Where no frame stands a file is read in parts that the caches of a processor hold. */
const partBytes = 1 << 17

// More than a part, so that a header on the border is seen whole.
const inspectedBytes = partBytes + frameHeaderBytes - 1

/** A part of a segment file in memory. */
interface Window {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Offset in the file of the first byte. */
  readonly start: number
}

/** A segment with what its frames are checked by. */
export interface Segment {
  readonly file: FileHandle
  /** Position of its first byte. */
  readonly base: Position
  readonly salt: number
}

/** A frame whose checksum holds, within the bytes that it was found in. */
export interface Frame {
  readonly window: Window
  /** Index of its first byte in the window. */
  readonly at: number
  readonly offset: number
  readonly lengthBytes: number
  readonly sequence: number
}

/**
 * A long log is read through these two: buffers of its size would be garbage that no collector hurries to
 * free.
 */
const scanned = new Uint8Array(windowBytes)
const inspected = new Uint8Array(inspectedBytes)

const readWindow = (segment: Segment, start: number, lengthBytes: number, into?: Uint8Array): Window => {
  const bytes = segment.file.readSync(start, lengthBytes, into)
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start }
}

/** Whether there is a header at an index of a window, of a frame that the file has room for. */
const hasHeader = ({ bytes, view, start }: Window, at: number, sizeBytes: number): boolean => {
  if (bytes.length < at + frameHeaderBytes || !hasMagic(view, at)) return false
  const lengthBytes = frameLength(view, at)
  return (
    frameRecordCount(view, at) > 0 && lengthBytes > frameHeaderBytes && start + at + lengthBytes <= sizeBytes
  )
}

/**
 * The frame at this offset, if there is one whose checksum holds. It is looked for in `window`, if it lies
 * wholly in there; else it is read, with as much after it as makes a window of `lengthBytes`.
 */
const frameAt = (
  segment: Segment,
  offset: number,
  window: Window | undefined,
  readBytes: number,
  into?: Uint8Array
): Frame | undefined => {
  const { sizeBytes } = segment.file
  if (offset + frameHeaderBytes > sizeBytes) return undefined
  let held = window
  if (held === undefined || offset + frameHeaderBytes > held.start + held.bytes.length) {
    held = readWindow(segment, offset, Math.max(readBytes, frameHeaderBytes), into)
  }
  if (!hasHeader(held, offset - held.start, sizeBytes)) return undefined
  const lengthBytes = frameLength(held.view, offset - held.start)
  if (offset + lengthBytes > held.start + held.bytes.length) {
    held = readWindow(segment, offset, Math.max(readBytes, lengthBytes), into)
    if (held.bytes.length < lengthBytes) return undefined
  }
  const at = offset - held.start
  const seed = frameSeed(segment.salt, segment.base + offset)
  if (!checksumHolds(held.bytes, held.view, at, lengthBytes, seed)) return undefined
  return { window: held, at, offset, lengthBytes, sequence: frameSequence(held.view, at) }
}

const eachRecordOf = (segment: Segment, frame: Frame, visit: (record: WalRecord) => void): void => {
  if (eachRecord(frame.window.bytes, frame.window.view, frame.at, visit)) return
  const reason = "the checksum of a frame holds, yet its records do not fill it"
  throw new StorageCorrupted({ path: segment.file.path, offset: frame.offset, reason })
}

const firstReadBytes = 4096

/** A buffer for `readFrameAt`. Most frames fit into it. */
export const frameBuffer = (): Uint8Array => new Uint8Array(firstReadBytes)

/**
 * Reads one frame, checked again; undefined where none stands. Its records may lie in `into`: they are gone
 * when that is used again.
 */
export const readFrameAt = (
  segment: Segment,
  offset: number,
  into?: Uint8Array
):
  | { readonly records: ReadonlyArray<WalRecord>; readonly lengthBytes: number; readonly sequence: number }
  | undefined => {
  const frame = frameAt(segment, offset, undefined, firstReadBytes, into)
  if (frame === undefined) return undefined
  const records: Array<WalRecord> = []
  eachRecordOf(segment, frame, (record) => records.push(record))
  return { records, lengthBytes: frame.lengthBytes, sequence: frame.sequence }
}

/** The sequence number of the frame at the beginning of the segment, if one stands there. */
export const firstSequence = (segment: Segment): number | undefined =>
  frameAt(segment, 0, undefined, firstReadBytes)?.sequence

// The least that a disk writes as a whole.
const sectorBytes = 512

/**
 * Offset where the frame of this number at `offset` ends, by its header alone, be the rest sound or not;
 * undefined where the header is not that of such a frame, or may itself be torn, as it lies in two sectors.
 */
export const headerEnd = (segment: Segment, offset: number, sequence: number): number | undefined => {
  if (offset + frameHeaderBytes > segment.file.sizeBytes) return undefined
  if ((offset % sectorBytes) + frameHeaderBytes > sectorBytes) return undefined
  const { view } = readWindow(segment, offset, frameHeaderBytes)
  if (!hasMagic(view, 0) || frameSequence(view, 0) !== sequence) return undefined
  const lengthBytes = frameLength(view, 0)
  return lengthBytes > frameHeaderBytes ? offset + lengthBytes : undefined
}

/** How far a scan has come. */
export interface Progress {
  offset: number
  /** Sequence number of the last frame. */
  sequence: number
  /** Offset of the last frame of this segment, undefined before the first. */
  lastOffset: number | undefined
}

/**
 * Hands on the records of the frames that follow `progress`, as far as one window reaches, and moves
 * `progress` past them. False where no frame stands at its new offset.
 */
export const scanWindow = (
  segment: Segment,
  progress: Progress,
  onRecord: (record: WalRecord, framePosition: Position) => void
): boolean => {
  let window: Window | undefined
  let framePosition = segment.base
  const visit = (record: WalRecord) => onRecord(record, framePosition)
  for (;;) {
    const frame = frameAt(segment, progress.offset, window, windowBytes, scanned)
    if (frame === undefined) return false
    if (frame.sequence !== progress.sequence + 1) {
      const reason = `frame ${frame.sequence} stands where frame ${progress.sequence + 1} belongs`
      throw new StorageCorrupted({ path: segment.file.path, offset: frame.offset, reason })
    }
    framePosition = segment.base + frame.offset
    eachRecordOf(segment, frame, visit)
    progress.sequence = frame.sequence
    progress.lastOffset = frame.offset
    progress.offset += frame.lengthBytes
    // A frame that had to be read anew begins another window: a good place to let others run.
    if (window !== undefined && frame.window !== window) return true
    window = frame.window
  }
}

const zeros = Buffer.alloc(inspectedBytes)

/** What stands in a part of a segment where no frame should be. */
export interface Remains {
  /** Offset of a frame whose checksum holds. */
  readonly frameOffset: number | undefined
  /**
   * Offsets of the first byte that is not zero and of the one after the last, undefined where all are zero.
   */
  readonly dirty: { readonly from: number; readonly to: number } | undefined
}

const standsAt = (segment: Segment, window: Window, at: number, checksums: StretchChecksums): boolean => {
  if (!hasHeader(window, at, segment.file.sizeBytes)) return false
  const offset = window.start + at
  const end = offset + frameLength(window.view, at)
  const seed = frameSeed(segment.salt, segment.base + offset)
  return checksums.of(offset + checksummedFrom, end, seed) === frameChecksum(window.view, at)
}

/** Looks through one part from `offset` on, at every byte. */
const inspectPart = (segment: Segment, offset: number, checksums: StretchChecksums): Remains => {
  const window = readWindow(segment, offset, inspectedBytes, inspected)
  const { bytes } = window
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (buffer.equals(zeros.subarray(0, buffer.length))) return { frameOffset: undefined, dirty: undefined }
  const from = buffer.findIndex((byte) => byte !== 0)
  const dirty = { from: offset + from, to: offset + buffer.findLastIndex((byte) => byte !== 0) + 1 }
  for (let at = buffer.indexOf(frameMagic); at >= 0; at = buffer.indexOf(frameMagic, at + 1)) {
    if (standsAt(segment, window, at, checksums)) return { frameOffset: offset + at, dirty }
  }
  return { frameOffset: undefined, dirty }
}

/** What is dirty in two parts of a segment, the second behind the first. */
export const joined = (first: Remains["dirty"], second: Remains["dirty"]): Remains["dirty"] =>
  first === undefined || second === undefined ? (first ?? second) : { from: first.from, to: second.to }

/**
 * Looks through one window from `offset` on, as far as the first frame that is found there. The checksums are
 * those of the file of the segment, from `offset` or before it.
 */
export const inspectWindow = (segment: Segment, offset: number, checksums: StretchChecksums): Remains => {
  const end = Math.min(offset + windowBytes, segment.file.sizeBytes)
  let dirty: Remains["dirty"]
  for (let at = offset; at < end; at += partBytes) {
    const remains = inspectPart(segment, at, checksums)
    if (remains.frameOffset !== undefined) return remains
    dirty = joined(dirty, remains.dirty)
  }
  return { frameOffset: undefined, dirty }
}
