/**
 * How records lie in frames, and frames in bytes. Little-endian throughout.
 *
 * frame: u32 magic, u32 crc, u32 length of the whole frame, u32 record count, u64 sequence number, records
 * record: u32 length of the body, u8 type, u16 group, body
 *
 * The checksum covers all that follows it. It starts from a seed made of the directory's salt and the frame's
 * position, so that neither user bytes that look like a frame, nor a frame written to the wrong place, nor
 * one from another directory passes for a frame.
 */
import { checksum } from "../checksum.ts"

export const frameHeaderBytes = 24
export const recordHeaderBytes = 7

const magic = 0x4d4c5041
/** Index in a frame of the first byte that its checksum covers. */
export const checksummedFrom = 8
const twoToThe32 = 2 ** 32

/** The first bytes of every frame. */
export const frameMagic: Uint8Array = Uint8Array.of(0x41, 0x50, 0x4c, 0x4d)

/** One record: `type` and `group` are the caller's to define. */
export interface WalRecord {
  readonly type: number
  readonly group: number
  readonly body: Uint8Array
}

/** What the checksum of a frame at `position` starts from. */
export const frameSeed = (salt: number, position: number): number =>
  (salt ^ position ^ Math.imul(Math.floor(position / twoToThe32), 0x9e3779b1)) >>> 0

export const hasMagic = (view: DataView, at: number): boolean => view.getUint32(at, true) === magic
export const frameChecksum = (view: DataView, at: number): number => view.getUint32(at + 4, true)
export const frameLength = (view: DataView, at: number): number => view.getUint32(at + 8, true)
export const frameRecordCount = (view: DataView, at: number): number => view.getUint32(at + 12, true)
export const frameSequence = (view: DataView, at: number): number =>
  view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * twoToThe32

/**
 * Whether the frame whose bytes stand at `at` for `lengthBytes` is the one that was written at its position.
 */
export const checksumHolds = (
  bytes: Uint8Array,
  view: DataView,
  at: number,
  lengthBytes: number,
  seed: number
): boolean =>
  checksum(bytes.subarray(at + checksummedFrom, at + lengthBytes), seed) === frameChecksum(view, at)

/**
 * Calls `visit` for each record of a frame whose checksum holds; false where the records do not fill the
 * frame exactly.
 */
export const eachRecord = (
  bytes: Uint8Array,
  view: DataView,
  at: number,
  visit: (record: WalRecord) => void
): boolean => {
  const end = at + frameLength(view, at)
  let next = at + frameHeaderBytes
  for (let left = frameRecordCount(view, at); left > 0; left--) {
    if (next + recordHeaderBytes > end) return false
    const bodyStart = next + recordHeaderBytes
    const bodyEnd = bodyStart + view.getUint32(next, true)
    if (bodyEnd > end) return false
    visit({
      type: view.getUint8(next + 4),
      group: view.getUint16(next + 5, true),
      body: bytes.subarray(bodyStart, bodyEnd)
    })
    next = bodyEnd
  }
  return next === end
}

/** What a log that says little needs. */
const firstBufferBytes = 4 << 10

/**
 * A buffer that frames are laid out in, one after the other. It grows with them up to its usual size, and
 * beyond that for a large record.
 */
export class FrameBuffer {
  private bytes: Uint8Array
  private view: DataView
  private end = frameHeaderBytes
  private count = 0
  private readonly usualBytes: number

  constructor(usualBytes: number) {
    this.usualBytes = usualBytes
    this.bytes = new Uint8Array(Math.min(usualBytes, firstBufferBytes))
    this.view = new DataView(this.bytes.buffer)
  }

  /** Begins a frame of this size, header included. The frame before must have been written by now. */
  begin(lengthBytes: number): void {
    const oversized = this.bytes.length > this.usualBytes && lengthBytes <= this.usualBytes
    if (lengthBytes > this.bytes.length || oversized) {
      const doubled = Math.min(this.usualBytes, 2 * this.bytes.length)
      this.bytes = new Uint8Array(Math.max(lengthBytes, doubled))
      this.view = new DataView(this.bytes.buffer)
    }
    this.end = frameHeaderBytes
    this.count = 0
  }

  add(type: number, group: number, bodyBytes: number, parts: ReadonlyArray<Uint8Array>): void {
    this.view.setUint32(this.end, bodyBytes, true)
    this.view.setUint8(this.end + 4, type)
    this.view.setUint16(this.end + 5, group, true)
    let next = this.end + recordHeaderBytes
    for (const part of parts) {
      this.bytes.set(part, next)
      next += part.length
    }
    this.end = next
    this.count += 1
  }

  /** Completes the frame. The bytes are a view of the buffer: good until the next `begin`. */
  seal(sequence: number, seed: number): Uint8Array {
    const { view } = this
    view.setUint32(0, magic, true)
    view.setUint32(8, this.end, true)
    view.setUint32(12, this.count, true)
    view.setUint32(16, sequence % twoToThe32, true)
    view.setUint32(20, Math.floor(sequence / twoToThe32), true)
    view.setUint32(4, checksum(this.bytes.subarray(checksummedFrom, this.end), seed), true)
    return this.bytes.subarray(0, this.end)
  }
}
