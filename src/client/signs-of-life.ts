/** When a client last gave its session a sign of life, and when the next one is due. */
import { knob } from "../runtime/buggify.ts"

/** How often a client gives a sign that writes nothing, in milliseconds. */
export const keepAliveMs = 15_000
const keepAliveEvery = knob("client-keep-alive-ms", keepAliveMs, { min: 200, max: 20_000 })

/** Any entry is one; questions are none. */
export class SignsOfLife {
  #givenAtMs = Number.NEGATIVE_INFINITY
  /** The submission that was nothing else. */
  #submission = 0

  given(nowMs: number): void {
    this.#givenAtMs = nowMs
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#givenAtMs > keepAliveEvery.value
  }

  /** This submission is to be nothing but a sign of life. */
  by(submission: number): void {
    this.#submission = submission
  }

  /** Nothing was done of a submission: if it was to be the sign, the next one is due in `againMs`. */
  refused(submission: number, nowMs: number, againMs: number): void {
    if (submission === this.#submission) this.#givenAtMs = nowMs - keepAliveEvery.value + againMs
  }
}
