/** How much of what was published is not known to have left, for buses that buffer without a limit. */

/**
 * Bytes published between two questions to the server: rare enough to cost nothing, often enough to mean
 * something.
 */
const probeEveryBytes = 256 * 1024

export class Backlog {
  /** Asks the server for an answer that comes after everything published so far. */
  readonly #probe: (done: (answered: boolean) => void) => void
  #publishedBytes = 0
  #confirmedBytes = 0
  #probing = false

  constructor(probe: (done: (answered: boolean) => void) => void) {
    this.#probe = probe
  }

  add(sizeBytes: number): void {
    this.#publishedBytes += sizeBytes
    if (this.#publishedBytes - this.#confirmedBytes >= probeEveryBytes) this.#ask()
  }

  /** What was under way is gone with the connection. */
  lost(): void {
    this.#confirmedBytes = this.#publishedBytes
    // A question that was on its way may never be answered.
    this.#probing = false
  }

  /** Bytes not known to have left. Looking sends a question, so that the next look knows better. */
  bytes(): number {
    if (this.#publishedBytes > this.#confirmedBytes) this.#ask()
    return this.#publishedBytes - this.#confirmedBytes
  }

  #ask(): void {
    if (this.#probing) return
    this.#probing = true
    const mark = this.#publishedBytes
    this.#probe((answered) => {
      this.#probing = false
      if (answered) this.#confirmedBytes = Math.max(this.#confirmedBytes, mark)
    })
  }
}
