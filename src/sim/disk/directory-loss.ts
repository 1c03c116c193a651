/**
 * Files whose directory entry does not survive a power cut: their content is whole, their name is gone.
 * Opt-in.
 */
import type { CountedRandom } from "../kernel/random.ts"
import type { DiskImage } from "./image.ts"

export interface DirectoryLoss {
  /** Probability, for each file at each power cut, that its entry is lost. */
  readonly rate: number
}

export const noDirectoryLoss: DirectoryLoss = { rate: 0 }

/** The paths that a power cut takes away. */
export const drawLostEntries = (
  random: CountedRandom,
  settings: DirectoryLoss,
  image: DiskImage
): ReadonlyArray<string> => [...image.files.keys()].sort().filter(() => random.chance(settings.rate))
