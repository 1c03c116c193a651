/**
 * Which operations a search has placed: bits for those that returned, bits for those that are open, and
 * their order.
 */
import { type Allowance, Visited } from "./visited.ts"

/**
 * Operations that returned are placed nearly in the order in which they were invoked: all are placed below
 * `base`, none above `top`, so a position is known by few words, however long the history. Open ones have
 * bits of their own.
 */
export class Placing {
  readonly order: Int32Array
  depth = 0
  base = 0
  top = -1
  private readonly closedBits: Int32Array
  private readonly openBits: Int32Array
  /** Number of an operation among those of its sort; open ones as -1 - number. */
  private readonly rank: Int32Array
  private readonly closedCount: number
  private readonly lowest: Int32Array
  private readonly highest: Int32Array
  private readonly sequence: Int32Array
  private readonly visited: Visited

  constructor(dones: Float64Array, allowance: Allowance) {
    const count = dones.length
    this.rank = new Int32Array(count)
    let closed = 0
    let open = 0
    for (let index = 0; index < count; index++) {
      this.rank[index] = dones[index] === Number.POSITIVE_INFINITY ? -1 - open++ : closed++
    }
    this.closedCount = closed
    this.closedBits = new Int32Array((closed >>> 5) + 1)
    this.openBits = new Int32Array((open >>> 5) + 1)
    this.order = new Int32Array(count)
    this.lowest = new Int32Array(count)
    this.highest = new Int32Array(count)
    this.sequence = new Int32Array(this.closedBits.length + this.openBits.length + 2)
    this.visited = new Visited(allowance)
  }

  isOpen(index: number): boolean {
    return this.rank[index]! < 0
  }

  isPlaced(index: number): boolean {
    const rank = this.rank[index]!
    if (rank >= 0) return ((this.closedBits[rank >>> 5]! >>> (rank & 31)) & 1) === 1
    const place = -1 - rank
    return ((this.openBits[place >>> 5]! >>> (place & 31)) & 1) === 1
  }

  place(index: number): void {
    const rank = this.rank[index]!
    this.lowest[this.depth] = this.base
    this.highest[this.depth] = this.top
    this.order[this.depth++] = index
    if (rank < 0) {
      const place = -1 - rank
      this.openBits[place >>> 5]! |= 1 << (place & 31)
      return
    }
    this.closedBits[rank >>> 5]! |= 1 << (rank & 31)
    if (rank > this.top) this.top = rank
    while (this.base < this.closedCount && (this.closedBits[this.base >>> 5]! >>> (this.base & 31)) & 1)
      this.base++
  }

  /** Takes back the operation that was placed last. */
  takeBack(): number {
    const index = this.order[--this.depth]!
    const rank = this.rank[index]!
    this.base = this.lowest[this.depth]!
    this.top = this.highest[this.depth]!
    if (rank >= 0) this.closedBits[rank >>> 5]! &= ~(1 << (rank & 31))
    else this.openBits[(-1 - rank) >>> 5]! &= ~(1 << ((-1 - rank) & 31))
    return index
  }

  /**
   * Notes that the search stands here, the object in state number `state`; false if it stood at a position
   * before that was as good: the same, but for open operations that it has used and the other had not.
   */
  arrive(state: number): boolean {
    const { sequence, closedBits, openBits } = this
    sequence[0] = state
    sequence[1] = this.base
    let length = 2
    const last = this.top < this.base ? -1 : this.top >>> 5
    for (let word = this.base >>> 5; word <= last; word++) sequence[length++] = closedBits[word]!
    const equalLength = length
    let words = openBits.length
    while (words > 0 && openBits[words - 1] === 0) words--
    for (let word = 0; word < words; word++) sequence[length++] = openBits[word]!
    return this.visited.add(sequence, equalLength, length)
  }

  release(): void {
    this.visited.release()
  }
}
