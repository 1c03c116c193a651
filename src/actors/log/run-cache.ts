/** The newest runs of a log in memory, so that acceptors and learners that keep up never read the disk. */
import { type Slot, slotPlus } from "../../protocol/ids.ts"
import { type Run, runLast, sliceRun, takeBytes } from "../../protocol/log/run.ts"

/**
 * Consecutive runs up to the end of the log. Those that are durable leave from the front when there are too
 * many bytes.
 */
export class RunCache {
  #runs: Array<Run> = []
  #head = 0
  #bytes = 0
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The first slot held; undefined where none is. */
  get first(): Slot | undefined {
    return this.#runs[this.#head]?.first
  }

  /**
   * Replaces everything from `run.first` on. A run that does not follow what is held makes the cache begin
   * anew.
   */
  append(run: Run): void {
    this.#dropFrom(run.first)
    const last = this.#runs[this.#runs.length - 1]
    if (this.#head < this.#runs.length && runLast(last!) + 1 !== run.first) this.#clear()
    // A view of what the bus read can keep a large buffer alive: the cache counts what it holds.
    const own =
      run.bytes.byteLength === run.bytes.buffer.byteLength
        ? run
        : { ...run, bytes: new Uint8Array(run.bytes) }
    this.#runs.push(own)
    this.#bytes += own.bytes.length
  }

  /** Forgets the oldest durable runs while too much is held. */
  trim(durableThrough: Slot): void {
    while (this.#bytes > this.#maxBytes && this.#head < this.#runs.length) {
      const run = this.#runs[this.#head]!
      if (runLast(run) > durableThrough) break
      this.#bytes -= run.bytes.length
      this.#runs[this.#head++] = undefined as never
    }
    if (this.#head > 1024 && this.#head * 2 > this.#runs.length) {
      this.#runs = this.#runs.slice(this.#head)
      this.#head = 0
    }
  }

  /** Runs from `from`, which must be held, through `through`, of about `maxBytes`. */
  read(from: Slot, through: Slot, maxBytes: number): ReadonlyArray<Run> {
    const found: Array<Run> = []
    let room = maxBytes
    for (let index = this.#find(from); index < this.#runs.length; index++) {
      const part = sliceRun(this.#runs[index]!, from, through)
      if (part === undefined) break
      const taken =
        found.length === 0 || part.bytes.length <= room ? takeBytes(part, Math.max(room, 1)) : undefined
      if (taken === undefined) break
      found.push(taken)
      room -= taken.bytes.length
      if (room <= 0 || taken.count < part.count) break
    }
    return found
  }

  #find(slot: Slot): number {
    let low = this.#head
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (runLast(this.#runs[middle]!) < slot) low = middle + 1
      else high = middle
    }
    return low
  }

  #dropFrom(slot: Slot): void {
    while (this.#runs.length > this.#head) {
      const last = this.#runs[this.#runs.length - 1]!
      if (runLast(last) < slot) return
      this.#runs.pop()
      this.#bytes -= last.bytes.length
      const kept = sliceRun(last, last.first, slotPlus(slot, -1))
      if (kept === undefined) continue
      this.#runs.push(kept)
      this.#bytes += kept.bytes.length
      return
    }
  }

  #clear(): void {
    this.#runs = []
    this.#head = 0
    this.#bytes = 0
  }
}
