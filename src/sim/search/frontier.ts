/** The states that wait to be looked at, one behind the other in blocks of numbers. */
import type { State } from "./model.ts"

const blockWords = 1 << 20

/** First in, first out. A block is let go once it was read. */
export class Frontier {
  readonly #blocks: Array<Int32Array | undefined> = []
  #readBlock = 0
  #readAt = 0
  #write = new Int32Array(0)
  #writeAt = 0
  length = 0

  get bytes(): number {
    return (this.#blocks.length - this.#readBlock) * blockWords * 4
  }

  push(state: State): void {
    if (this.#writeAt + state.size + 1 > this.#write.length) {
      // 0 where a size would stand: the block ends here.
      if (this.#writeAt < this.#write.length) this.#write[this.#writeAt] = 0
      this.#write = new Int32Array(blockWords)
      this.#blocks.push(this.#write)
      this.#writeAt = 0
    }
    const block = this.#write
    block[this.#writeAt++] = state.size
    for (let at = 0; at < state.size; at++) block[this.#writeAt++] = state.words[at]!
    this.length++
  }

  /** Takes the oldest state out; false where there is none. */
  shift(into: State): boolean {
    if (this.length === 0) return false
    let block = this.#blocks[this.#readBlock]!
    if (this.#readAt === block.length || block[this.#readAt] === 0) {
      this.#blocks[this.#readBlock++] = undefined
      this.#readAt = 0
      block = this.#blocks[this.#readBlock]!
    }
    const size = block[this.#readAt++]!
    into.reserve(size)
    for (let at = 0; at < size; at++) into.words[at] = block[this.#readAt++]!
    into.size = size
    this.length--
    return true
  }
}
