/** What kind of packet bytes are, for those who look at every one and at the rest of few. */
import { sealedFrom } from "./seal.ts"

/** Cluster, node, storage and group. */
const textsBefore = 4

/** Kind of a packet, read from the front of its bytes without decoding the rest; -1 where they are none. */
export const kindOf = (bytes: Uint8Array): number => {
  let at = sealedFrom(bytes)
  if (at === undefined) return -1
  for (let texts = 0; texts < textsBefore; texts++) {
    const head = bytes[at]
    if (head === undefined) return -1
    if (head >= 0xa0 && head < 0xc0) at += 1 + (head & 0x1f)
    else if (head === 0xd9) at += 2 + bytes[at + 1]!
    else return -1
  }
  return bytes[at] ?? -1
}
