/** How long answers take lately: what is waited for follows the distance, not the other way round. */

/** The quicker one of the last two counts: one slow answer is no distance. */
export class Pace {
  #lastMs = Number.POSITIVE_INFINITY
  /** Milliseconds; 0 until it is known. */
  ms = 0

  took(ms: number): void {
    this.ms = Math.min(this.#lastMs, ms)
    this.#lastMs = ms
  }
}
