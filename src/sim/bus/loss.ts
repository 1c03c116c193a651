/** Messages that vanish on the way. */
import type { CountedRandom } from "../kernel/random.ts"

export interface Loss {
  /** Probability that a message is lost. */
  readonly rate: number
}

export const noLoss: Loss = { rate: 0 }

export const isLost = (random: CountedRandom, loss: Loss): boolean => random.chance(loss.rate)
