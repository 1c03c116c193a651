/**
 * Checksums of stretches of a file that overlap. Bytes that somebody chose may look like a frame at every
 * sixteenth byte, each of them as long as the rest of the file: to read each one through would take days.
 *
 * The file is read through once, and the checksum of what comes before each block is kept. That of a stretch
 * follows from those of all that ends where it begins and where it ends: CRC-32 is linear.
 */
import { checksum } from "../checksum.ts"
import type { FileHandle } from "./port.ts"

const blockBytes = 1024
const partBytes = 1 << 17
/** As much of the file is kept in memory, 64 MB, for what stands between the blocks. */
const partsMax = 512

// Polynomials over two elements, modulo that of CRC-32; the highest bit is the factor of 1.
const one = 0x80000000
const polynomial = 0xedb88320

const product = (a: number, b: number): number => {
  let sum = 0
  let shifted = b
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial
  }
  return sum >>> 0
}

/** What 1, 2, 4, 8... bytes that follow multiply a checksum by. */
const powers: Array<number> = [one >>> 8]
while (powers.length < 32) {
  const last = powers[powers.length - 1]!
  powers.push(product(last, last))
}

/** A checksum after so many more bytes, but for what these bytes are. */
const after = (before: number, lengthBytes: number): number => {
  let moved = before
  for (let index = 0, left = lengthBytes; left > 0; index++, left = Math.floor(left / 2))
    if (left % 2 === 1) moved = product(powers[index]!, moved)
  return moved
}

/** Of stretches that begin at `start` or behind it; the file must not change meanwhile. */
export class StretchChecksums {
  readonly #file: FileHandle
  readonly #start: number
  /** Checksums of all bytes from the start to the beginning of each block. */
  #before = new Uint32Array(1)
  #blocks = 1
  readonly #parts: Array<Uint8Array> = []

  constructor(file: FileHandle, start: number) {
    this.#file = file
    this.#start = start
  }

  /** The same as `checksum` of the bytes from one offset to before another one, going on from `seed`. */
  of(from: number, to: number, seed: number): number {
    const beginning = this.#through(from)
    const end = this.#through(to)
    return (end ^ after((beginning ^ seed) >>> 0, to - from)) >>> 0
  }

  /** Of all bytes from the start to before this offset. */
  #through(offset: number): number {
    const index = Math.floor((offset - this.#start) / blockBytes)
    while (this.#blocks <= index) this.#readOn()
    const before = this.#before[index]!
    const restBytes = (offset - this.#start) % blockBytes
    return restBytes === 0 ? before : checksum(this.#read(index * blockBytes, restBytes), before)
  }

  #read(at: number, lengthBytes: number): Uint8Array {
    const part = this.#parts[Math.floor(at / partBytes)]
    return part === undefined
      ? this.#file.readSync(this.#start + at, lengthBytes)
      : part.subarray(at % partBytes, (at % partBytes) + lengthBytes)
  }

  #readOn(): void {
    if (this.#before.length === 1)
      this.#before = new Uint32Array(Math.ceil((this.#file.sizeBytes - this.#start) / blockBytes) + 1)
    const from = (this.#blocks - 1) * blockBytes
    const bytes = this.#file.readSync(this.#start + from, partBytes)
    if (this.#parts.length < partsMax) this.#parts.push(bytes)
    for (let at = 0; at + blockBytes <= bytes.length; at += blockBytes) {
      const before = this.#before[this.#blocks - 1]!
      this.#before[this.#blocks++] = checksum(bytes.subarray(at, at + blockBytes), before)
    }
  }
}
