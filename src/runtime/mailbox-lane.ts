/** A queue that hands over all it holds by giving away its array. */

/** Where the taken front is longer than this, it is cut off. */
const compactAfter = 1024

/** First in, first out. Taking all costs nothing per element. */
export class Lane<A> {
  #elements: Array<A> = []
  /** Where the lane begins; what stands before it was taken. */
  #head = 0

  get size(): number {
    return this.#elements.length - this.#head
  }

  push(element: A): void {
    this.#elements.push(element)
  }

  /** Takes the first elements, at most `countMax`. */
  take(countMax: number): Array<A> {
    if (countMax >= this.size) {
      const all = this.#head === 0 ? this.#elements : this.#elements.slice(this.#head)
      this.#elements = []
      this.#head = 0
      return all
    }
    const end = this.#head + countMax
    const part = this.#elements.slice(this.#head, end)
    // Cleared, so that what was taken is not kept alive from here.
    this.#elements.fill(undefined as A, this.#head, end)
    this.#head = end
    if (end >= compactAfter && end * 2 >= this.#elements.length) {
      this.#elements = this.#elements.slice(end)
      this.#head = 0
    }
    return part
  }
}
