/** Plain values to bytes and back: MessagePack, in the form that packs positional arrays fastest. */
import { Packr } from "msgpackr"

// Records (shared structures) would make bytes depend on what was packed before; arrays need none of it.
const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" })

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
