/** Writes of which only the first bytes are stored, with an error that says so. */
import type { CountedRandom } from "../kernel/random.ts"

export interface ShortWrite {
  /** Probability that a write is cut short. */
  readonly rate: number
}

export const noShortWrite: ShortWrite = { rate: 0 }

/** How many bytes of a write are stored; `undefined` for all of them. */
export const drawShortWrite = (
  random: CountedRandom,
  settings: ShortWrite,
  lengthBytes: number
): number | undefined => (random.chance(settings.rate) ? random.below(lengthBytes) : undefined)
