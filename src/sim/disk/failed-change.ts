/** Files that cannot be made, replaced or removed: the disk refuses, with an error. */
import type { CountedRandom } from "../kernel/random.ts"

export interface FailedChange {
  /** Probability that a change of a file as a whole fails, or one part of a file that is made in parts. */
  readonly rate: number
}

export const noFailedChange: FailedChange = { rate: 0 }

/**
 * What becomes of a change that fails: it has not happened, or it is in the system's cache, as where the
 * directory could not be synced after it. `undefined` for one that does not fail.
 */
export const drawFailedChange = (
  random: CountedRandom,
  { rate }: FailedChange
): "undone" | "cached" | undefined => {
  if (!random.chance(rate)) return undefined
  return random.chance(0.5) ? "undone" : "cached"
}
