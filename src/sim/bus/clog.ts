/** Links that stand still for a while: nothing is lost, all of it comes late and at once. */

import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan, type Span } from "../kernel/timed-fault.ts"

export interface Clog {
  /** Probability, for each message, that its link clogs. */
  readonly rate: number
  /** How long it stays clogged, in microseconds. */
  readonly durationMicros: Span
}

export const noClog: Clog = { rate: 0, durationMicros: { min: 0, max: 0 } }

/** How long the link of this message stands still from now on; 0 for not at all. */
export const drawClog = (random: CountedRandom, clog: Clog): number =>
  random.chance(clog.rate) ? drawSpan(random, clog.durationMicros) : 0
