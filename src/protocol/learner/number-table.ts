/**
 * Values by whole number, where numbers come and go in about their order, as those of commands do.
 *
 * A `Map` under such a load copies itself into a new table now and then, and the table that it leaves points
 * to the new one. Once such a left table has grown old, it keeps all that come after it, and all that is in
 * them, alive through every collection of young memory: pauses of 5 to 10 ms instead of 1 (decision 22).
 */

const smallestCapacity = 8
/** Tables up to this capacity are not made smaller again. */
const keptCapacity = 1024
const emptyPlace = 0

/**
 * For numbers from 1 on. Open addressing from the place that the lowest bits say; those that lie together are
 * in the order of their places (Robin Hood): consecutive numbers find theirs free, and any others one near.
 */
export class NumberTable<V> {
  #numbers = new Float64Array(smallestCapacity)
  #values = vacant<V>(smallestCapacity)
  #size = 0

  constructor(entries: Iterable<readonly [number, V]> = []) {
    for (const [number, value] of entries) this.set(number, value)
  }

  get size(): number {
    return this.#size
  }

  has(number: number): boolean {
    return this.#find(number) >= 0
  }

  get(number: number): V | undefined {
    const at = this.#find(number)
    return at < 0 ? undefined : this.#values[at]
  }

  set(number: number, value: V): void {
    if ((this.#size + 1) * 2 > this.#numbers.length) this.#resize(this.#numbers.length * 2)
    this.#place(number, value)
  }

  delete(number: number): boolean {
    let hole = this.#find(number)
    if (hole < 0) return false
    const numbers = this.#numbers
    const values = this.#values
    const mask = numbers.length - 1
    // Those behind it that are not in their own place move up by one.
    for (;;) {
      const next = (hole + 1) & mask
      const moved = numbers[next]!
      if (moved === emptyPlace || distance(moved, next, mask) === 0) break
      numbers[hole] = moved
      values[hole] = values[next]
      hole = next
    }
    numbers[hole] = emptyPlace
    values[hole] = undefined
    this.#size -= 1
    if (numbers.length > keptCapacity && this.#size * 16 < numbers.length) this.#resize(numbers.length / 2)
    return true
  }

  /** The numbers as they are now, in ascending order. */
  numbers(): Float64Array {
    const found = new Float64Array(this.#size)
    let count = 0
    let isAscending = true
    for (let at = 0; count < found.length; at++) {
      const number = this.#numbers[at]!
      if (number === emptyPlace) continue
      if (count > 0 && number < found[count - 1]!) isAscending = false
      found[count++] = number
    }
    return isAscending ? found : found.sort()
  }

  /** What is in it now, by ascending number. */
  entries(): ReadonlyArray<readonly [number, V]> {
    const entries: Array<readonly [number, V]> = []
    if (this.#size === 0) return entries
    for (const number of this.numbers()) entries.push([number, this.get(number)!])
    return entries
  }

  #find(number: number): number {
    const numbers = this.#numbers
    const mask = numbers.length - 1
    for (let at = number & mask, walked = 0; ; at = (at + 1) & mask, walked++) {
      const there = numbers[at]!
      if (there === emptyPlace) return -1
      if (there === number) return at
      if (distance(there, at, mask) < walked) return -1
    }
  }

  #place(number: number, value: V): void {
    const numbers = this.#numbers
    const values = this.#values
    const mask = numbers.length - 1
    let placing = number
    let placed: V | undefined = value
    for (let at = number & mask, walked = 0; ; at = (at + 1) & mask, walked++) {
      const there = numbers[at]!
      if (there === placing) {
        values[at] = placed
        return
      }
      if (there === emptyPlace) {
        numbers[at] = placing
        values[at] = placed
        this.#size += 1
        return
      }
      const away = distance(there, at, mask)
      if (away >= walked) continue
      const evicted = values[at]
      numbers[at] = placing
      values[at] = placed
      placing = there
      placed = evicted
      walked = away
    }
  }

  #resize(capacity: number): void {
    const numbers = this.#numbers
    const values = this.#values
    this.#numbers = new Float64Array(capacity)
    this.#values = vacant(capacity)
    this.#size = 0
    for (let at = 0; at < numbers.length; at++) {
      if (numbers[at] !== emptyPlace) this.#place(numbers[at]!, values[at]!)
    }
  }
}

const vacant = <V>(capacity: number): Array<V | undefined> => new Array(capacity).fill(undefined)

/** How far from its own place a number lies. */
const distance = (number: number, at: number, mask: number): number => (at - number) & mask
