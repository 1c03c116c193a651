/**
 * What clients were told, kept outside of the system under test: commands acknowledged, at which slot, and
 * each once.
 */
import { crc32 } from "node:zlib"
import { Callers } from "./callers.ts"

/** From this size on the checksum of the platform is faster than a loop here. */
const longBytes = 192

/**
 * 53 bits of a hash over bytes: wide enough for the thousands of commands of each of thousands of runs to be
 * told apart. (A checksum is linear: two of them, begun differently, are equal for the same pairs of bytes.)
 */
export const wideHash = (bytes: Uint8Array): number => {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul((high ^ byte) + 0x85ebca6b, 0xc2b2ae35)
  }
  return (low >>> 0) + (high & 0x1fffff) * 0x1_0000_0000
}

/** Of a state, however large: it is compared with that of another replica at the same slot, and no other. */
export const stateHash = (bytes: Uint8Array): number => crc32(bytes)

/** 32 bits of a hash over a part of some bytes. */
export const narrowHash = (bytes: Uint8Array, from: number, to: number): number => {
  if (to - from >= longBytes) return crc32(bytes.subarray(from, to)) | 0
  let hash = 0x811c9dc5
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
  return hash
}

export interface Acknowledgement {
  readonly group: string
  readonly slot: number
  readonly command: number
}

/** One for each run. */
export class Ledger {
  readonly acknowledged: Array<Acknowledgement> = []
  /**
   * Commands that no client sends a second time, as bytes hashed, and the group that each is for: there it
   * must take effect at most once, and elsewhere never.
   */
  readonly unique = new Map<number, string>()
  readonly callers = new Callers()
  /** Called at each acknowledgement. */
  onAcknowledged: ((acknowledgement: Acknowledgement) => void) | undefined

  /** A client is about to send this command to a group, and never again. */
  intend(group: string, command: Uint8Array): number {
    const hash = wideHash(command)
    this.unique.set(hash, group)
    return hash
  }

  acknowledge(group: string, slot: number, command: number): void {
    const acknowledgement = { group, slot, command }
    this.acknowledged.push(acknowledgement)
    this.onAcknowledged?.(acknowledgement)
  }
}
