/**
 * Durable writes past the system's cache (O_DIRECT): the device gets whole blocks, from memory that begins at
 * a block, and answers sooner than it does by way of the cache.
 */
import * as fs from "node:fs"

/** What every device and file system takes. */
const blockBytes = 4096
const windowBytes = 512 << 10

const flags: number | undefined =
  fs.constants.O_DIRECT === undefined
    ? undefined
    : fs.constants.O_RDWR | fs.constants.O_DSYNC | fs.constants.O_DIRECT

const blockOf = (offset: number): number => offset - (offset % blockBytes)

/** Memory at an address that a device takes: what can grow begins at a page. */
const aligned = (sizeBytes: number): Uint8Array =>
  new Uint8Array(new ArrayBuffer(sizeBytes, { maxByteLength: sizeBytes }))

/** Opens a file for such writes; undefined where the system or the file does not take them. */
export const openDirect = (path: string, sizeBytes: number): number | undefined => {
  // The last block would make the file longer.
  if (flags === undefined || sizeBytes % blockBytes !== 0) return undefined
  try {
    return fs.openSync(path, flags)
  } catch {
    return undefined
  }
}

/** A file that is open twice: for reading by way of the cache, and for writing past it. */
export interface DirectFile {
  readonly descriptor: number
  readonly direct: number
  readonly sizeBytes: number
}

/**
 * What a file holds around the place where it is written: what stands beside new bytes in their blocks is
 * written with them. One for all files of a log, of which one is written at a time.
 */
export class DirectWindow {
  #memory: Uint8Array | undefined
  #of: DirectFile | undefined
  #start = 0
  #end = 0

  /**
   * Writes durably. Throws what the system says; EINVAL where it does not take such writes after all.
   * `isEnd`: nothing but zeros follows.
   */
  write(file: DirectFile, offset: number, bytes: Uint8Array, isEnd = false): void {
    const from = blockOf(offset)
    const end = blockOf(offset + bytes.length + blockBytes - 1)
    if (file !== this.#of || from < this.#start || end > this.#end) {
      if (isEnd) this.#moveTo(file, offset, end)
      else this.#load(file, from, end - from, Number.POSITIVE_INFINITY)
    }
    const memory = this.#memory!
    const start = this.#start
    memory.set(bytes, offset - start)
    try {
      for (let at = from; at < end; ) at += fs.writeSync(file.direct, memory, at - start, end - at, at)
    } catch (cause) {
      this.#of = undefined
      throw cause
    }
  }

  /** At the end of a file only what stands before the new bytes in their first block has to be known. */
  #moveTo(file: DirectFile, offset: number, end: number): void {
    const from = blockOf(offset)
    const isHeld = file === this.#of && from >= this.#start && offset <= this.#end
    // As a log grows it is in the window still: asking the device would take as long as a write.
    const before = isHeld ? this.#memory!.slice(from - this.#start, offset - this.#start) : undefined
    this.#load(file, from, end - from, before === undefined && offset > from ? blockBytes : 0)
    if (before !== undefined) this.#memory!.set(before)
  }

  /** Has the window begin at a block: with so many bytes of the file as are unknown, then zeros. */
  #load(file: DirectFile, from: number, neededBytes: number, unknown: number): void {
    if (this.#memory === undefined || this.#memory.length < neededBytes)
      this.#memory = aligned(Math.max(windowBytes, neededBytes))
    this.#of = undefined
    const wantedBytes = Math.min(this.#memory.length, file.sizeBytes - from)
    const unknownBytes = Math.min(unknown, wantedBytes)
    this.#memory.fill(0, unknownBytes)
    for (let read = 0; read < unknownBytes; ) {
      const step = fs.readSync(file.descriptor, this.#memory, read, unknownBytes - read, from + read)
      if (step === 0) throw new Error("the file has become shorter")
      read += step
    }
    this.#of = file
    this.#start = from
    this.#end = from + wantedBytes
  }
}
