/**
 * The content of a simulated file: sparse pages, so that a preallocated segment costs nothing until it is
 * written.
 */

/** What a disk writes as one. */
export const sectorBytes = 512

const pageBytes = 4096

export class SectorFile {
  readonly sizeBytes: number
  /** How often it was written to: what was read at the same count is there still. */
  writes = 0
  /** What its node was told that it holds, where the disk did not keep its word. */
  told: SectorFile | undefined
  #pages = new Map<number, Uint8Array>()
  /** End of the last page that was written to. */
  #writtenEnd = 0

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }

  /**
   * The bytes from an offset on; shorter than asked at the end of the file. They lie in `into`, if it is long
   * enough.
   */
  read(offset: number, lengthBytes: number, into?: Uint8Array): Uint8Array {
    const end = Math.min(this.sizeBytes, offset + lengthBytes)
    const wanted = Math.max(0, end - offset)
    const reused = into !== undefined && into.length >= wanted
    // A view takes longer to make than a few thousand bytes to copy.
    const result = !reused ? new Uint8Array(wanted) : into.length === wanted ? into : into.subarray(0, wanted)
    // Segments are as good as empty: what was never written is filled in as one.
    const writtenEnd = Math.max(offset, Math.min(end, this.#writtenEnd))
    for (let at = offset; at < writtenEnd; ) {
      const inPage = at % pageBytes
      const take = Math.min(pageBytes - inPage, end - at)
      const page = this.#pages.get((at - inPage) / pageBytes)
      if (page !== undefined) {
        result.set(take === pageBytes ? page : page.subarray(inPage, inPage + take), at - offset)
      } else if (reused) {
        result.fill(0, at - offset, at - offset + take)
      }
      at += take
    }
    if (reused && writtenEnd < end) result.fill(0, writtenEnd - offset, wanted)
    return result
  }

  /** Whether the bytes from an offset on begin with these; cheap where they lie in one page. */
  beginsWith(offset: number, bytes: Uint8Array): boolean {
    const inPage = offset % pageBytes
    if (inPage + bytes.length > pageBytes) {
      return this.read(offset, bytes.length).every((byte, index) => byte === bytes[index])
    }
    const page = this.#pages.get((offset - inPage) / pageBytes)
    if (page === undefined) return false
    for (let index = 0; index < bytes.length; index++) {
      if (page[inPage + index] !== bytes[index]) return false
    }
    return true
  }

  /** Stores bytes that lie within the file. */
  write(offset: number, bytes: Uint8Array): void {
    this.writes++
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done
      const inPage = at % pageBytes
      const take = Math.min(pageBytes - inPage, bytes.length - done)
      const number = (at - inPage) / pageBytes
      let page = this.#pages.get(number)
      if (page === undefined) {
        // What lies behind the end of a small file takes no room.
        page = new Uint8Array(Math.min(pageBytes, this.sizeBytes - number * pageBytes))
        this.#pages.set(number, page)
        this.#writtenEnd = Math.max(this.#writtenEnd, (number + 1) * pageBytes)
      }
      page.set(bytes.subarray(done, done + take), inPage)
      done += take
    }
  }

  /** Numbers of the sectors that were ever written, in pages of eight. */
  writtenSectors(): ReadonlyArray<number> {
    const perPage = pageBytes / sectorBytes
    const last = Math.ceil(this.sizeBytes / sectorBytes)
    return [...this.#pages.keys()]
      .sort((a, b) => a - b)
      .flatMap((page) => Array.from({ length: perPage }, (_, index) => page * perPage + index))
      .filter((sector) => sector < last)
  }

  /** The last sectors of the pages that were ever written, at most `count`, in their order. */
  lastWritten(count: number): ReadonlyArray<Uint8Array> {
    const found: Array<Uint8Array> = []
    for (const page of [...this.#pages.keys()].sort((a, b) => b - a)) {
      const start = page * pageBytes
      const end = Math.min(start + pageBytes, this.sizeBytes)
      for (
        let at = start + (Math.ceil((end - start) / sectorBytes) - 1) * sectorBytes;
        at >= start;
        at -= sectorBytes
      ) {
        if (found.length === count) return found.reverse()
        found.push(this.#pages.get(page)!.slice(at - start, Math.min(at + sectorBytes, end) - start))
      }
    }
    return found.reverse()
  }

  /** Before damage that breaks the contract: what the node was told is known from now on. */
  keepTold(): SectorFile {
    this.told ??= this.copy()
    return this.told
  }

  /** Holds what its node was told. */
  mend(): void {
    if (this.told === undefined) return
    this.#pages = this.told.#pages
    this.#writtenEnd = this.told.#writtenEnd
    this.told = undefined
    this.writes++
  }

  copy(): SectorFile {
    const made = new SectorFile(this.sizeBytes)
    for (const [number, page] of this.#pages) made.#pages.set(number, page.slice())
    made.#writtenEnd = this.#writtenEnd
    return made
  }
}

/** A stretch of a write that lies within one sector: `from` and `to` count from the start of the write. */
export interface SectorPart {
  readonly sector: number
  readonly from: number
  readonly to: number
}

/** Cuts a write at the borders of sectors. */
export const sectorParts = (offset: number, lengthBytes: number): ReadonlyArray<SectorPart> => {
  const parts: Array<SectorPart> = []
  for (let from = 0; from < lengthBytes; ) {
    const sector = Math.floor((offset + from) / sectorBytes)
    const to = Math.min(lengthBytes, (sector + 1) * sectorBytes - offset)
    parts.push({ sector, from, to })
    from = to
  }
  return parts
}
