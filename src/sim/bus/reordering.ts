/**
 * Messages that leave their place in the order of their link: others overtake them, or they overtake others.
 */

import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan, type Span } from "../kernel/timed-fault.ts"

export interface Reordering {
  /** Probability that a message travels on its own, out of the order of its link. */
  readonly rate: number
  /** What its journey takes beyond the usual, in microseconds; 0 lets it overtake those that are slow. */
  readonly delayMicros: Span
}

export const noReordering: Reordering = { rate: 0, delayMicros: { min: 0, max: 0 } }

/** The extra delay of a message that leaves the order of its link; `undefined` for one that keeps it. */
export const strayDelay = (random: CountedRandom, reordering: Reordering): number | undefined =>
  random.chance(reordering.rate) ? drawSpan(random, reordering.delayMicros) : undefined
