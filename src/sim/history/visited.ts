/** The positions that a search has been in, so that it goes to none that is no better; of bounded size. */

/** Memory that several tables share, in 32-bit words. */
export interface Allowance {
  words: number
}

const hashOf = (sequence: Int32Array, start: number, length: number): number => {
  let hash = 0x9e3779b9 ^ length
  for (let at = start; at < start + length; at++) {
    hash = Math.imul(hash ^ sequence[at]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * Words of an entry before its sequence: the next entry of the chain, the length, the length of what must
 * be equal.
 */
const headWords = 3

/**
 * A position is a sequence of integers: a part that tells what must be equal, then the bits of what was
 * used up. One position is no better than another if the first part is the same and it has used up all that
 * the other has. Everything is compared exactly. When the allowance is spent nothing more is kept, and all
 * that is not known is "new".
 */
export class Visited {
  private readonly allowance: Allowance
  /** For each hash: where in `arena` its chain starts, or 0. */
  private table = new Int32Array(64)
  /** The entries, one after the other, from 1. */
  private arena = new Int32Array(256)
  private end = 1
  private count = 0
  private taken = 0

  constructor(allowance: Allowance) {
    this.allowance = allowance
  }

  /**
   * Adds the first `length` integers of `sequence`, of which the first `equalLength` must be equal; false
   * if a position is known that is at least as good.
   */
  add(sequence: Int32Array, equalLength: number, length: number): boolean {
    if (this.count >= this.table.length) this.rehash()
    const place = hashOf(sequence, 0, equalLength) & (this.table.length - 1)
    for (let entry = this.table[place]!; entry !== 0; entry = this.arena[entry]!) {
      if (this.isAsGood(entry, sequence, equalLength, length)) return false
    }
    if (!this.reserve(length + headWords)) return true
    const { arena, end } = this
    arena[end] = this.table[place]!
    arena[end + 1] = length
    arena[end + 2] = equalLength
    for (let at = 0; at < length; at++) arena[end + headWords + at] = sequence[at]!
    this.table[place] = end
    this.end += length + headWords
    this.count++
    return true
  }

  private isAsGood(entry: number, sequence: Int32Array, equalLength: number, length: number): boolean {
    const { arena } = this
    const known = arena[entry + 1]!
    if (arena[entry + 2] !== equalLength || known > length) return false
    const start = entry + headWords
    for (let at = 0; at < equalLength; at++) if (arena[start + at] !== sequence[at]) return false
    for (let at = equalLength; at < known; at++) if ((arena[start + at]! & ~sequence[at]!) !== 0) return false
    return true
  }

  private pay(words: number): boolean {
    if (this.allowance.words < words) return false
    this.allowance.words -= words
    this.taken += words
    return true
  }

  private reserve(words: number): boolean {
    if (this.end + words <= this.arena.length) return true
    const size = Math.max(this.arena.length * 2, this.end + words)
    if (!this.pay(size - this.arena.length)) return false
    const bigger = new Int32Array(size)
    bigger.set(this.arena)
    this.arena = bigger
    return true
  }

  private rehash(): void {
    if (!this.pay(this.table.length)) return
    const { arena } = this
    const table = new Int32Array(this.table.length * 2)
    const mask = table.length - 1
    for (let entry = 1; entry < this.end; entry += arena[entry + 1]! + headWords) {
      const place = hashOf(arena, entry + headWords, arena[entry + 2]!) & mask
      arena[entry] = table[place]!
      table[place] = entry
    }
    this.table = table
  }

  /** Gives the memory back; the set is empty and not to be used again. */
  release(): void {
    this.allowance.words += this.taken
    this.taken = 0
    this.table = new Int32Array(1)
    this.arena = new Int32Array(1)
  }
}
