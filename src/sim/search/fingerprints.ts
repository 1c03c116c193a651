/** The set of states seen, as fingerprints of 64 bits in two arrays of numbers. */

/**
 * Open addressing, grown by doubling up to a limit. 0, 0 stands for an empty place and is never a member:
 * such a fingerprint is taken for another one.
 *
 * Two different states with one fingerprint would pass for one. With n states the odds that any two do are
 * about n * n / 2 ** 65: for ten million states 1 in 370,000, for a hundred million 1 in 3,700.
 */
export class Fingerprints {
  #words: Int32Array
  #mask: number
  size = 0
  readonly #bytesMax: number

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#mask = (1 << 16) - 1
    this.#words = new Int32Array(2 << 16)
  }

  /** True where it was not there; undefined where there is no room for it. */
  add(high: number, low: number): boolean | undefined {
    if (4 * (this.size + 1) > 3 * this.#mask && !this.#grow()) return this.has(high, low) ? false : undefined
    const added = this.#put(high, low)
    if (added) this.size++
    return added
  }

  has(high: number, low: number): boolean {
    const first = high === 0 && low === 0 ? 1 : high
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      const [there, below] = [this.#words[2 * at]!, this.#words[2 * at + 1]!]
      if (there === 0 && below === 0) return false
      if (there === first && below === low) return true
    }
  }

  #put(high: number, low: number): boolean {
    const first = high === 0 && low === 0 ? 1 : high
    const words = this.#words
    for (let at = low & this.#mask; ; at = (at + 1) & this.#mask) {
      const there = words[2 * at]!
      const below = words[2 * at + 1]!
      if (there === first && below === low) return false
      if (there === 0 && below === 0) {
        words[2 * at] = first
        words[2 * at + 1] = low
        return true
      }
    }
  }

  /** Old and new array are there at the same time: a limit counts both. */
  #grow(): boolean {
    const old = this.#words
    if (3 * old.byteLength > this.#bytesMax) return false
    this.#words = new Int32Array(2 * old.length)
    this.#mask = 2 * this.#mask + 1
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0 || old[at + 1] !== 0) this.#put(old[at]!, old[at + 1]!)
    return true
  }
}
