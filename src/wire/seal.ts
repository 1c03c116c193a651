/**
 * The seal of a packet: a checksum over its fields, in the packet itself. What was damaged on the way is told
 * from what was said; against somebody who forges packets it is no help.
 */
import { checksum } from "../runtime/checksum.ts"

/** Takes the place of the checksum while a packet is packed: MessagePack writes two bytes before it. */
export const noSeal = new Uint8Array(4)

/** Bytes before the checksum, behind the header of the array: the version, and the header of four bytes. */
const before = 3
const fourBytes = 0xc404
/** MessagePack of an array of up to 15 values; of more, with two bytes of length. */
const isShortArray = (header: number): boolean => header >= 0x90 && header <= 0x9f
const longArray = 0xdc

/** Where the checksum is; undefined where the bytes are not laid out as a packet. */
const sealAt = (packet: Uint8Array): number | undefined => {
  const header = packet[0]
  if (header === undefined || !(isShortArray(header) || header === longArray)) return undefined
  const at = (isShortArray(header) ? 1 : 3) + before
  const isThere = packet.length >= at + noSeal.length && packet[at - 2]! * 256 + packet[at - 1]! === fourBytes
  return isThere ? at : undefined
}

/** Where the fields of the envelope begin that are sealed; undefined where the bytes are not laid out so. */
export const sealedFrom = (packet: Uint8Array): number | undefined => {
  const at = sealAt(packet)
  return at === undefined ? undefined : at + noSeal.length
}

const sumBehind = (packet: Uint8Array, at: number): number => checksum(packet.subarray(at + noSeal.length))

const byteOf = (sum: number, index: number): number => (sum >>> (24 - 8 * index)) & 0xff

/** Writes the checksum into a packet that has `noSeal` behind its version. */
export const seal = (packet: Uint8Array): Uint8Array => {
  const at = sealAt(packet)
  if (at === undefined) return packet
  const sum = sumBehind(packet, at)
  for (let index = 0; index < noSeal.length; index++) packet[at + index] = byteOf(sum, index)
  return packet
}

/** Whether what stands behind the checksum is what was sealed. */
export const isSealed = (packet: Uint8Array): boolean => {
  const at = sealAt(packet)
  if (at === undefined) return false
  const sum = sumBehind(packet, at)
  for (let index = 0; index < noSeal.length; index++)
    if (packet[at + index] !== byteOf(sum, index)) return false
  return true
}
