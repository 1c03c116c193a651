/** The last frame of a log on a simulated disk: where recovery cannot tell rot from a write that was torn. */
import { Option } from "effect"
import { readFrameAt } from "../../runtime/storage/frames.ts"
import type { CountedRandom } from "../kernel/random.ts"
import type { RottenBit } from "./bit-rot.ts"
import type { DiskImage } from "./image.ts"
import { logFilesOn } from "./log-files.ts"
import { type SectorFile, sectorBytes } from "./sectors.ts"

/** The last sound frame of a log, whether anything stands behind it, and whether the end was noted. */
export interface LastFrame {
  readonly path: string
  readonly offset: number
  readonly end: number
  readonly isFollowed: boolean
  readonly isNoted: boolean
}

const parsed = Option.liftThrowable(JSON.parse)

/** Undefined where there is no frame, or none can be read since the identity of the directory has rotted. */
export const lastFrameOf = (image: DiskImage): LastFrame | undefined => {
  const identity = image.files.get("/data/identity.json")
  if (identity === undefined) return undefined
  const text = new TextDecoder().decode(identity.read(0, identity.sizeBytes))
  const { salt, segmentBytes, durable } = Option.getOrElse(parsed(text), () => ({}))
  if (salt === undefined || segmentBytes === undefined || durable === undefined) return undefined
  for (const path of logFilesOn(image).toReversed()) {
    const file = image.files.get(path)!
    const number = Number(path.slice(path.lastIndexOf("/") + 1, -".log".length))
    const last = lastIn(file, path, { base: number * segmentBytes, salt, durable })
    if (last !== undefined) return last
  }
  return undefined
}

const lastIn = (
  file: SectorFile,
  path: string,
  { durable, ...place }: { readonly base: number; readonly salt: number; readonly durable: number }
): LastFrame | undefined => {
  const handle = {
    path,
    sizeBytes: file.sizeBytes,
    readSync: (offset: number, lengthBytes: number) => file.read(offset, lengthBytes),
    write: () => {}
  }
  let offset = -1
  let end = 0
  for (;;) {
    const frame = readFrameAt({ file: handle, ...place }, end)
    if (frame === undefined) break
    offset = end
    end += frame.lengthBytes
  }
  if (offset < 0) return undefined
  const isFollowed = file.read(end, file.sizeBytes - end).some((byte) => byte !== 0)
  return { path, offset, end, isFollowed, isNoted: place.base + end <= durable }
}

/**
 * Whether a node that starts can tell that this bit has flipped. The very last frame looks like a write that
 * was torn, unless its end was noted, and is cut (`storage/recover.ts`): others know better only where they
 * have heard a beat since.
 */
export const isTold = (image: DiskImage, { path, offset }: RottenBit): boolean => {
  const last = lastFrameOf(image)
  return last?.path !== path || last.isNoted || offset < last.offset || offset >= last.end
}

/** What the last bytes of a log are, which the others may not have heard of yet. */
const nearEndBytes = 1024

/** Draws a bit of the last frames of a log. */
export const drawBitNearEnd = (random: CountedRandom, image: DiskImage): RottenBit | undefined => {
  const last = lastFrameOf(image)
  if (last === undefined) return undefined
  const offset = random.range(Math.max(0, last.end - nearEndBytes), last.end - 1)
  return { path: last.path, sector: Math.floor(offset / sectorBytes), offset, mask: 1 << random.below(8) }
}
