/** Damage to the files of a node that does not run, and to the disk of one that does. */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync
} from "node:fs"
import { join } from "node:path"
import { frameHeaderBytes, frameLength, hasMagic } from "../../src/runtime/storage/records.ts"

interface Used {
  readonly path: string
  /** Behind it are zeros. */
  readonly endBytes: number
}

/** Segments of the log, oldest first. */
const segmentsOf = (data: string): ReadonlyArray<string> =>
  readdirSync(join(data, "wal"))
    .filter((name) => name.endsWith(".log"))
    .sort()
    .map((name) => join(data, "wal", name))

const usedOf = (path: string): Used => ({
  path,
  endBytes: readFileSync(path).findLastIndex((byte) => byte !== 0) + 1
})

/** Those that hold something. */
const usedSegments = (data: string): ReadonlyArray<Used> =>
  segmentsOf(data)
    .map(usedOf)
    .filter(({ endBytes }) => endBytes > 0)

/** Where the last frame of a segment begins. */
const lastFrameAt = (path: string): number => {
  const bytes = readFileSync(path)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const isFrame = (at: number) => at + frameHeaderBytes <= bytes.length && hasMagic(view, at)
  let at = 0
  while (isFrame(at) && isFrame(at + frameLength(view, at))) at += frameLength(view, at)
  return at
}

/**
 * Flips some bytes in the first half of what an older segment holds. The last frame of the log is left alone,
 * and it may be most of the log: damage to it looks like a torn write, which is cut as it must be. Returns
 * what was done, or undefined.
 */
export const corruptFile = (data: string, draw: (below: number) => number): string | undefined => {
  const used = usedSegments(data)
  const segments = used.length > 1 ? used.slice(0, -1) : used
  const segment = segments[draw(segments.length)]
  if (segment === undefined) return undefined
  const half = Math.floor(segment.endBytes / 2)
  const limit = used.length > 1 ? half : Math.min(half, lastFrameAt(segment.path))
  if (limit === 0) return undefined
  const bytes = Buffer.alloc(Math.min(limit, 1 + draw(16)))
  const offset = draw(Math.max(1, limit - bytes.length))
  const file = openSync(segment.path, "r+")
  readSync(file, bytes, 0, bytes.length, offset)
  for (let index = 0; index < bytes.length; index++) bytes[index]! ^= 1 + draw(255)
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
  return `${bytes.length} bytes of ${segment.path} at ${offset}`
}

/** Takes the end off a segment that is used. Returns what was done, or undefined. */
export const truncateFile = (data: string, draw: (below: number) => number): string | undefined => {
  const segments = usedSegments(data)
  const segment = segments[draw(segments.length)]
  if (segment === undefined) return undefined
  const bytes = draw(segment.endBytes)
  truncateSync(segment.path, bytes)
  return `${segment.path} has ${bytes} bytes`
}

/**
 * Where the log ends: it has grown where this differs. The node may run: it removes old segments, so they are
 * looked at from the newest on.
 */
export const logEnd = (data: string): string => {
  for (const path of segmentsOf(data).toReversed()) {
    const { endBytes } = usedOf(path)
    if (endBytes > 0) return `${path} ${endBytes}`
  }
  return `${data} 0`
}

const ballastName = "ballast"
const pieceBytes = 2 ** 20

/** Fills the file system to the last byte; returns how much it took. */
export const fillDisk = (path: string): number => {
  const ballast = join(path, ballastName)
  const file = openSync(ballast, "w")
  const pieces = [pieceBytes, 4096, 512].map((bytes) => Buffer.alloc(bytes, 1))
  for (const piece of pieces) {
    try {
      while (writeSync(file, piece) > 0);
    } catch {
      // Full for pieces of this size.
    }
  }
  closeSync(file)
  return statSync(ballast).size
}

export const makeRoom = (path: string): void => rmSync(join(path, ballastName), { force: true })
