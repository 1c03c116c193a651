/** What clients were told, kept outside of the system under test: commands acknowledged, at which slot, and each once. */

/** 53 bits of a hash over bytes: wide enough for the commands of one run to be told apart. */
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

export interface Acknowledgement {
  readonly group: string
  readonly slot: number
  readonly command: number
}

/** One for each run. */
export class Ledger {
  readonly acknowledged: Array<Acknowledgement> = []
  /** Commands that no client sends a second time, as bytes hashed: each must take effect at most once. */
  readonly unique = new Set<number>()
  /** Called at each acknowledgement. */
  onAcknowledged: ((acknowledgement: Acknowledgement) => void) | undefined

  /** A client is about to send this command, and never again. */
  intend(command: Uint8Array): number {
    const hash = wideHash(command)
    this.unique.add(hash)
    return hash
  }

  acknowledge(group: string, slot: number, command: number): void {
    const acknowledgement = { group, slot, command }
    this.acknowledged.push(acknowledgement)
    this.onAcknowledged?.(acknowledgement)
  }
}
