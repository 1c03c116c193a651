/** A log as its node was told that it is, beside what its disk holds of it: what damage it shows. */
import { readFrameAt } from "../../runtime/storage/frames.ts"
import type { DiskImage } from "./image.ts"
import type { SectorFile } from "./sectors.ts"
import { toldOf } from "./told.ts"

/** The first frame that is not as the node was told. */
export interface Broken {
  /** Its number, from 1 since the directory was formatted. */
  readonly sequence: number
  /** Whether the log itself shows that it did not end there: a sound frame follows, or its end was noted. */
  readonly isShown: boolean
}

interface Layout {
  readonly salt: number
  readonly segmentBytes: number
  readonly durable: number
  readonly first: number
}

const directory = "/data"
const identityPath = `${directory}/identity.json`

const frameIn = (file: SectorFile, path: string, base: number, salt: number, offset: number) => {
  const handle = {
    path,
    sizeBytes: file.sizeBytes,
    readSync: (from: number, lengthBytes: number) => file.read(from, lengthBytes),
    write: () => {}
  }
  return readFrameAt({ file: handle, base, salt }, offset)
}

/** Undefined where the log is as it was told, or there is none. */
export const brokenLogOn = (image: DiskImage, lost: ReadonlyMap<string, SectorFile>): Broken | undefined => {
  const fileAt = (path: string) => image.files.get(path) ?? lost.get(path)
  const identity = fileAt(identityPath)
  if (identity === undefined) return undefined
  const told = toldOf(identity)
  const layout = JSON.parse(new TextDecoder().decode(told.read(0, told.sizeBytes))) as Layout
  const { salt, segmentBytes, durable } = layout
  let sequence = 0
  let broken: { readonly sequence: number; readonly position: number } | undefined
  for (let number = layout.first; ; number++) {
    const path = `${directory}/wal/${String(number).padStart(12, "0")}.log`
    const file = fileAt(path)
    if (file === undefined) break
    const base = number * segmentBytes
    const before = sequence
    for (let offset = 0; ; ) {
      const frame = frameIn(toldOf(file), path, base, salt, offset)
      if (frame === undefined || (sequence > 0 && frame.sequence !== sequence + 1)) break
      sequence = frame.sequence
      const isThere = image.files.has(path) && frameIn(file, path, base, salt, offset)?.sequence === sequence
      if (isThere && broken !== undefined) return { sequence: broken.sequence, isShown: true }
      if (!isThere) broken ??= { sequence, position: base + offset }
      offset += frame.lengthBytes
    }
    if (sequence === before) break
  }
  return broken && { sequence: broken.sequence, isShown: broken.position < durable }
}

/** Whether it has lost all by which a node knows its directory: then the node formats it as a new one. */
export const looksNew = (image: DiskImage, lost: ReadonlyMap<string, SectorFile>): boolean =>
  lost.has(identityPath) && ![...image.files.keys()].some((path) => path.startsWith(`${directory}/wal/`))
