/** The checksum of whatever leaves memory: CRC-32, which finds every single flipped bit and most else. */
import { crc32 } from "node:zlib"

/** Checksum of bytes or of a text, from 0 to 2^32 - 1; goes on from another one. */
export const checksum = (bytes: Uint8Array | string, before = 0): number => crc32(bytes, before)
