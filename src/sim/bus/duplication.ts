/** Messages that arrive more than once. */
import type { CountedRandom } from "../kernel/random.ts"

export interface Duplication {
  /** Probability that a message arrives again. */
  readonly rate: number
  /** Most copies beyond the first that one strike makes. */
  readonly copiesMax: number
}

export const noDuplication: Duplication = { rate: 0, copiesMax: 1 }

/** Copies of a message beyond the first. */
export const extraCopies = (random: CountedRandom, duplication: Duplication): number =>
  random.chance(duplication.rate) ? random.range(1, duplication.copiesMax) : 0
