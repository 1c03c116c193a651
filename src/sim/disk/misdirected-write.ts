/**
 * Writes that land in the wrong place of their file, acknowledged as if all were well. Breaks the contract:
 * opt-in.
 */
import type { CountedRandom } from "../kernel/random.ts"
import { sectorBytes } from "./sectors.ts"

export interface MisdirectedWrite {
  /** Probability that a write lands elsewhere. */
  readonly rate: number
  /** How many sectors off it lands at most, either way. */
  readonly sectorsMax: number
}

export const noMisdirectedWrite: MisdirectedWrite = { rate: 0, sectorsMax: 16 }

/**
 * Where a write lands instead; `undefined` for one that lands where it should (or has no other place in its
 * file).
 */
export const drawMisdirection = (
  random: CountedRandom,
  settings: MisdirectedWrite,
  offset: number,
  lengthBytes: number,
  fileBytes: number
): number | undefined => {
  if (!random.chance(settings.rate)) return undefined
  const off = random.range(1, settings.sectorsMax) * sectorBytes * (random.chance(0.5) ? 1 : -1)
  const elsewhere = [offset + off, offset - off].find((at) => at >= 0 && at + lengthBytes <= fileBytes)
  return elsewhere
}
