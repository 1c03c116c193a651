/**
 * Files of checked blocks: each block stands behind its length and a checksum that goes on from the block
 * before, so that one that is missing, doubled or out of place is as wrong as one that was changed.
 *
 * block: u32 length, u32 crc, content. Little-endian. A block of length 0 ends the file.
 */
import { Effect } from "effect"
import { checksum } from "../checksum.ts"
import { reading, StorageCorrupted } from "./errors.ts"
import type { FileHandle } from "./port.ts"

const headerBytes = 8
/** The first checksum goes on from this. */
const seed = 0x50414e53
/** No block is longer; a length beyond it is damage. */
const blockBytesMax = 256 << 20
const windowBytes = 1 << 20

const nextChain = (content: Uint8Array, chain: number): number =>
  checksum(content, (chain ^ content.length) >>> 0)

/** Lays blocks out for a file. */
export class BlockWriter {
  #chain = seed

  /** The next block. */
  block(content: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(headerBytes + content.length)
    this.#chain = nextChain(content, this.#chain)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, content.length, true)
    view.setUint32(4, this.#chain, true)
    bytes.set(content, headerBytes)
    return bytes
  }

  /** What ends the file. */
  end(): Uint8Array {
    return this.block(new Uint8Array(0))
  }
}

/** Takes a block; what is wrong with it, or undefined. */
export type OnBlock = (content: Uint8Array) => string | undefined

/** Checks and hands on blocks, however the bytes of a file are cut. */
export class BlockReader {
  /** The end was read, and nothing stands behind it. */
  ended = false
  #chain = seed
  #rest = new Uint8Array(0)
  readonly #onBlock: OnBlock

  constructor(onBlock: OnBlock) {
    this.#onBlock = onBlock
  }

  /** Takes the next bytes of the file; what is wrong with them, or undefined. Blocks may be views of them. */
  push(next: Uint8Array): string | undefined {
    const bytes = this.#rest.length === 0 ? next : Buffer.concat([this.#rest, next])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (at + headerBytes <= bytes.length) {
      if (this.ended) return "something stands behind its end"
      const lengthBytes = view.getUint32(at, true)
      if (lengthBytes > blockBytesMax) return "a block is longer than any can be"
      const end = at + headerBytes + lengthBytes
      if (end > bytes.length) break
      const content = bytes.subarray(at + headerBytes, end)
      this.#chain = nextChain(content, this.#chain)
      if (this.#chain !== view.getUint32(at + 4, true)) return "the checksum of a block does not hold"
      const problem = lengthBytes === 0 ? undefined : this.#onBlock(content)
      if (problem !== undefined) return problem
      if (lengthBytes === 0) this.ended = true
      at = end
    }
    this.#rest = bytes.slice(at)
    return this.ended && this.#rest.length > 0 ? "something stands behind its end" : undefined
  }
}

/**
 * Hands on the blocks of a file in order, letting others run in between. Fails with `StorageCorrupted` for
 * anything but whole blocks and an end, `DiskFailed` where the disk cannot be read.
 */
export const readBlocks = Effect.fnUntraced(function* (file: FileHandle, onBlock: OnBlock) {
  const blocks = new BlockReader(onBlock)
  for (let offset = 0; offset < file.sizeBytes; offset += windowBytes) {
    const bytes = yield* reading(() => file.readSync(offset, windowBytes))
    const problem = blocks.push(bytes)
    if (problem !== undefined)
      return yield* new StorageCorrupted({ path: file.path, offset, reason: problem })
    yield* Effect.yieldNow
  }
  if (blocks.ended) return
  const reason = "the file ends in the middle"
  return yield* new StorageCorrupted({ path: file.path, offset: file.sizeBytes, reason })
})

/**
 * The first block of a file, or undefined where no sound one stands there. For a look: the rest is not
 * checked.
 */
export const firstBlock = (file: FileHandle) =>
  reading(() => {
    let first: Uint8Array | undefined
    const blocks = new BlockReader((content) => {
      first = content.slice()
      return "enough"
    })
    blocks.push(file.readSync(0, 64 << 10))
    return first
  })
