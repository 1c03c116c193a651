/**
 * What a node was told that its disk holds. Of a disk that keeps its word it is what the disk holds; of one
 * that does not, a second content of each damaged file says what it should be.
 */
import type { DiskImage, VolatileWrite } from "./image.ts"
import type { SectorFile } from "./sectors.ts"

/** The file as its node was told that it is. */
export const toldOf = (file: SectorFile): SectorFile => file.told ?? file

/** Has a file hold these bytes `at` some place, while its node believes them at `offset`. */
export const store = (file: SectorFile, offset: number, bytes: Uint8Array, at = offset): void => {
  if (at !== offset) file.keepTold()
  file.write(at, bytes)
  file.told?.write(offset, bytes)
}

/** Whether the node was told that it is durable, and it is not. */
export const isBelieved = (write: VolatileWrite, nowMicros: number): boolean =>
  write.acknowledgedMicros <= nowMicros && write.durableMicros > nowMicros

/**
 * A crash has left what it left of these writes: what was acknowledged should be there, of the others
 * whatever there is.
 */
export const settleTold = (writes: ReadonlyArray<VolatileWrite>, nowMicros: number): void => {
  for (const { file, meantOffset, bytes, acknowledgedMicros } of writes) {
    if (file.told === undefined) continue
    const isTold = acknowledgedMicros <= nowMicros
    file.told.write(meantOffset, isTold ? bytes : file.read(meantOffset, bytes.length))
  }
}

/** Whether nothing of this stretch could still be lost to a power cut, by the word of the disk. */
export const isToldDurable = (
  writes: ReadonlyArray<VolatileWrite>,
  path: string,
  offset: number,
  lengthBytes: number,
  nowMicros: number
): boolean => {
  for (let index = writes.length - 1; index >= 0; index--) {
    const write = writes[index]!
    const start = write.meantOffset
    const end = start + write.bytes.length
    if (write.path !== path || start >= offset + lengthBytes || offset >= end) continue
    if (write.durableMicros > nowMicros && write.acknowledgedMicros > nowMicros) return false
    // A durable write stands, whatever becomes of those that it was made over.
    if (start <= offset && end >= offset + lengthBytes) return true
  }
  return true
}

/** Has a disk hold what its node was told that it holds, entries that were lost among it. */
export const mend = (image: DiskImage, lost: Map<string, SectorFile>): void => {
  for (const [path, file] of lost) if (!image.files.has(path)) image.files.set(path, file)
  lost.clear()
  for (const file of image.files.values()) file.mend()
}
