/** How each state was reached first: the state before it, and the action. */

/** States by number, in the order in which they were found. */
export class Trail {
  #parents = new Int32Array(1 << 16)
  #actions = new Int32Array(1 << 16)
  size = 0
  depth = 0
  /** The last state of the depth that is being filled. */
  #depthEnds = 0

  get bytes(): number {
    return this.#parents.byteLength + this.#actions.byteLength
  }

  add(parent: number, action: number): void {
    if (this.size === this.#parents.length) {
      this.#parents = grown(this.#parents)
      this.#actions = grown(this.#actions)
    }
    if (this.size > 0 && parent > this.#depthEnds) {
      this.#depthEnds = this.size - 1
      this.depth++
    } else if (this.size === 1) this.depth = 1
    this.#parents[this.size] = parent
    this.#actions[this.size++] = action
  }

  /** The actions from the first state to this one. */
  wayTo(state: number): ReadonlyArray<number> {
    const actions: Array<number> = []
    for (let at = state; at > 0; at = this.#parents[at]!) actions.push(this.#actions[at]!)
    return actions.reverse()
  }
}

const grown = (old: Int32Array): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(2 * old.length)
  larger.set(old)
  return larger
}
