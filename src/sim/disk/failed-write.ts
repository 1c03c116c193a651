/** Writes that the disk refuses with an error, after having stored any part of them. */
import type { CountedRandom } from "../kernel/random.ts"
import { sectorParts } from "./sectors.ts"

export interface FailedWrite {
  /** Probability that a write fails. */
  readonly rate: number
}

export const noFailedWrite: FailedWrite = { rate: 0 }

/**
 * The parts of a failing write that reach the disk all the same; `undefined` for a write that does not fail.
 */
export const drawFailedWrite = (
  random: CountedRandom,
  settings: FailedWrite,
  offset: number,
  bytes: Uint8Array
): ReadonlyArray<{ readonly offset: number; readonly bytes: Uint8Array }> | undefined => {
  if (!random.chance(settings.rate)) return undefined
  return sectorParts(offset, bytes.length)
    .filter(() => random.chance(0.5))
    .map(({ from, to }) => ({ offset: offset + from, bytes: bytes.subarray(from, to) }))
}
