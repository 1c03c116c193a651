/** Stored bits that flip by themselves. Breaks the contract: opt-in. */
import type { CountedRandom } from "../kernel/random.ts"
import type { DiskImage } from "./image.ts"
import { sectorBytes } from "./sectors.ts"

export interface BitRot {
  /** Probability, at each write, that some bit that was stored before (anywhere on the disk) flips. */
  readonly rate: number
}

export const noBitRot: BitRot = { rate: 0 }

/** Where a bit flips. */
export interface RottenBit {
  readonly path: string
  readonly sector: number
  readonly offset: number
  readonly mask: number
}

/** Draws a bit among all written sectors; `undefined` where nothing is written yet. */
export const drawRottenBit = (random: CountedRandom, image: DiskImage): RottenBit | undefined => {
  const paths = [...image.files.keys()].filter((path) => image.files.get(path)!.writtenSectors().length > 0)
  if (paths.length === 0) return undefined
  const path = random.pick(paths.sort())
  const file = image.files.get(path)!
  const sector = random.pick(file.writtenSectors())
  const start = sector * sectorBytes
  const offset = start + random.below(Math.min(sectorBytes, file.sizeBytes - start))
  return { path, sector, offset, mask: 1 << random.below(8) }
}

export const flipBit = (image: DiskImage, { path, offset, mask }: RottenBit): void => {
  const file = image.files.get(path)
  const byte = file?.read(offset, 1)[0]
  if (file !== undefined && byte !== undefined) file.write(offset, Uint8Array.of(byte ^ mask))
}
