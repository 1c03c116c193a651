/** The positions that a search has been in: a hash table of integer sequences, compared exactly, of bounded size. */

/** Memory that several tables share, in 32-bit words. */
export interface Allowance {
  words: number
}

const hashOf = (sequence: Int32Array, length: number): number => {
  let hash = 0x9e3779b9 ^ length
  for (let at = 0; at < length; at++) {
    hash = Math.imul(hash ^ sequence[at]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** A set of integer sequences that only grows. When the allowance is spent it takes no more, and says "new". */
export class Visited {
  private readonly allowance: Allowance
  /** For each place in the table: where in `arena` its sequence starts, or 0. */
  private table = new Int32Array(64)
  /** Length, then the sequence; one after the other, from 1. */
  private arena = new Int32Array(256)
  private end = 1
  private count = 0
  private taken = 0

  constructor(allowance: Allowance) {
    this.allowance = allowance
  }

  /** Adds the first `length` integers of `sequence`; false if they were there already. */
  add(sequence: Int32Array, length: number): boolean {
    if (this.count * 2 >= this.table.length) this.rehash()
    const mask = this.table.length - 1
    let place = hashOf(sequence, length) & mask
    for (let start = this.table[place]!; start !== 0; start = this.table[place]!) {
      if (this.isSame(start, sequence, length)) return false
      place = (place + 1) & mask
    }
    if (!this.reserve(length + 1)) return true
    this.table[place] = this.end
    this.arena[this.end] = length
    this.arena.set(length === sequence.length ? sequence : sequence.subarray(0, length), this.end + 1)
    this.end += length + 1
    this.count++
    return true
  }

  private isSame(start: number, sequence: Int32Array, length: number): boolean {
    const { arena } = this
    if (arena[start] !== length) return false
    for (let at = 0; at < length; at++) if (arena[start + 1 + at] !== sequence[at]) return false
    return true
  }

  private pay(words: number): boolean {
    if (this.allowance.words < words) return false
    this.allowance.words -= words
    this.taken += words
    return true
  }

  private reserve(words: number): boolean {
    // The table never fills: past half it takes no more.
    if (this.count * 2 >= this.table.length) return false
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
    for (let start = 1; start < this.end; start += arena[start]! + 1) {
      let place = hashOf(arena.subarray(start + 1), arena[start]!) & mask
      while (table[place] !== 0) place = (place + 1) & mask
      table[place] = start
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
