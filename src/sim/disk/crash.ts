/**
 * What a power cut leaves of writes that were not durable: each sector by itself is kept, lost, torn or
 * stale.
 */
import type { CountedRandom } from "../kernel/random.ts"
import type { DiskImage, VolatileWrite } from "./image.ts"
import { sectorBytes, sectorParts } from "./sectors.ts"

/** How often each end befalls a sector of an unsynced write, as weights. */
export interface CrashDamage {
  /** The sector has the new bytes. */
  readonly kept: number
  /** The sector has what was there before. */
  readonly lost: number
  /** The sector has some first bytes of the new, the rest as before. */
  readonly torn: number
  /**
   * Where the new bytes should be, the sector has bytes of a file that was removed long ago (or zeros, with
   * none).
   */
  readonly stale: number
}

/** The four ends, each equally likely. */
export const evenDamage: CrashDamage = { kept: 1, lost: 1, torn: 1, stale: 1 }

export interface CrashReport {
  readonly kept: number
  readonly lost: number
  readonly torn: number
  readonly stale: number
  /** Sectors, among those not kept, that the disk had acknowledged: only one that lies has any. */
  readonly betrayed: number
}

type Fate = keyof CrashDamage

/**
 * Resolves the writes that were not durable at `nowMicros`, in the order in which they were made. Bytes
 * outside of them are never touched: a sector that holds older, durable bytes beside the new ones keeps them,
 * and a durable write stands though it was made over one that is lost: in its sectors, as disks write sectors
 * whole, what was written before it stands, too.
 */
export const resolveCrash = (
  random: CountedRandom,
  damage: CrashDamage,
  image: DiskImage,
  writes: ReadonlyArray<VolatileWrite>,
  nowMicros: number
): CrashReport => {
  for (const write of writes.toReversed()) write.file.write(write.offset, write.before)
  const report = { kept: 0, lost: 0, torn: 0, stale: 0, betrayed: 0 }
  const fates: ReadonlyArray<readonly [Fate, number]> = [
    ["kept", damage.kept],
    ["lost", damage.lost],
    ["torn", damage.torn],
    ["stale", damage.stale]
  ]
  const durable = writes.filter(({ durableMicros }) => durableMicros <= nowMicros)
  for (const write of writes) {
    const { file, offset, bytes, acknowledgedMicros, durableMicros } = write
    if (durableMicros <= nowMicros) {
      durable.shift()
      file.write(offset, bytes)
      continue
    }
    for (const { sector, from, to } of sectorParts(offset, bytes.length)) {
      const stands = durable.some((later) => later.file === file && touches(later, sector))
      const fate = stands ? "kept" : random.weighted(fates)
      report[fate]++
      if (fate !== "kept" && acknowledgedMicros <= nowMicros) report.betrayed++
      const part = bytes.subarray(from, to)
      if (fate === "kept") file.write(offset + from, part)
      if (fate === "torn") file.write(offset + from, part.subarray(0, random.below(part.length)))
      // A sector that is written over with what it holds comes to no harm: disks write a sector whole or not.
      const isSame = Buffer.compare(file.read(offset + from, part.length), part) === 0
      if (fate === "stale" && !isSame) file.write(offset + from, staleBytes(random, image, part.length))
    }
  }
  return report
}

const touches = ({ offset, bytes }: VolatileWrite, sector: number): boolean =>
  offset < (sector + 1) * sectorBytes && offset + bytes.length > sector * sectorBytes

const staleBytes = (random: CountedRandom, image: DiskImage, lengthBytes: number): Uint8Array => {
  const stale = new Uint8Array(lengthBytes)
  if (image.discarded.length > 0) stale.set(random.pick(image.discarded).subarray(0, lengthBytes))
  return stale
}
