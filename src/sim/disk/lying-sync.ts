/**
 * A disk that says "durable" before it is: a power cut soon after loses what it acknowledged. Breaks the
 * contract: opt-in.
 */

import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan, type Span } from "../kernel/timed-fault.ts"

export interface LyingSync {
  /** Probability that a write is acknowledged before it is durable. */
  readonly rate: number
  /** How long after the acknowledgement it becomes durable after all, in microseconds. */
  readonly lagMicros: Span
}

export const noLyingSync: LyingSync = { rate: 0, lagMicros: { min: 0, max: 0 } }

/** By how much durability lags behind the acknowledgement; `undefined` for an honest write. */
export const drawLie = (random: CountedRandom, settings: LyingSync): number | undefined =>
  random.chance(settings.rate) ? drawSpan(random, settings.lagMicros) : undefined
