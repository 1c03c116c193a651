/** A map from pairs of small numbers to numbers, without an object an entry. */

const free = -1

/** Open addressing over one array of triples; entries are never taken out. */
export class PairMap {
  #slots = new Int32Array(3 * 1024).fill(free)
  #mask = 1023
  size = 0

  /** The number of a pair, or -1. */
  get(a: number, b: number): number {
    const slots = this.#slots
    for (let at = mix(a, b) & this.#mask; ; at = (at + 1) & this.#mask) {
      const key = slots[3 * at]!
      if (key === free) return free
      if (key === a && slots[3 * at + 1] === b) return slots[3 * at + 2]!
    }
  }

  set(a: number, b: number, value: number): void {
    if (2 * (this.size + 1) > this.#mask) this.#grow()
    this.#put(a, b, value)
  }

  #put(a: number, b: number, value: number): void {
    let at = mix(a, b) & this.#mask
    while (this.#slots[3 * at] !== free) {
      if (this.#slots[3 * at] === a && this.#slots[3 * at + 1] === b) break
      at = (at + 1) & this.#mask
    }
    if (this.#slots[3 * at] === free) this.size++
    this.#slots[3 * at] = a
    this.#slots[3 * at + 1] = b
    this.#slots[3 * at + 2] = value
  }

  #grow(): void {
    const old = this.#slots
    this.#mask = 2 * this.#mask + 1
    this.#slots = new Int32Array(3 * (this.#mask + 1)).fill(free)
    this.size = 0
    for (let at = 0; at < old.length; at += 3)
      if (old[at] !== free) this.#put(old[at]!, old[at + 1]!, old[at + 2]!)
  }
}

const mix = (a: number, b: number): number => {
  let hash = Math.imul(a, 0x9e37_79b1) ^ Math.imul(b, 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d)
  return hash ^ (hash >>> 13)
}
