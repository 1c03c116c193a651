/** Plain values to bytes and back: MessagePack, in the form that packs positional arrays fastest. */
import { Packr } from "msgpackr"

// Records (shared structures) would make bytes depend on what was packed before; arrays need none of it.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" })

/**
 * Without its native part msgpackr reads text of more than 64 bytes by a TextDecoder that drops a U+FEFF at
 * the beginning; with it, the text stays as it was. Replicas of both kinds would differ. It takes no other
 * decoder, and to look for such text before each unpacking costs a third of it: so its own decoder is caught
 * while it reads a sample, and keeps such text from then on (decision 37).
 */
const keepByteOrderMarks = (): void => {
  const sample = packr.pack("\uFEFF".padEnd(100))
  if (packr.unpack(sample).length === 100) return
  const { decode } = TextDecoder.prototype
  // What a buffer makes of bytes is what the native part does, and takes less time than any TextDecoder.
  const { utf8Slice } = Buffer.prototype
  TextDecoder.prototype.decode = function (...options) {
    this.decode = (bytes) => utf8Slice.call(bytes, 0, (bytes as Uint8Array).length)
    return decode.apply(this, options)
  }
  try {
    packr.unpack(sample)
  } finally {
    TextDecoder.prototype.decode = decode
  }
}
keepByteOrderMarks()

/** Packs a plain value. The bytes are the caller's own. */
export const pack = (value: unknown): Uint8Array => packr.pack(value)

/**
 * Unpacks bytes; undefined where they are no packed value. Bytes within the value may share memory with
 * `bytes`.
 */
export const unpack = (bytes: Uint8Array): unknown => {
  try {
    return packr.unpack(bytes)
  } catch {
    return undefined
  }
}
