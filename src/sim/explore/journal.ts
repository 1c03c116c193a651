/**
 * What a run came upon, with the number of draws it took to get there: the anchors that exploration goes on
 * from.
 */
import type { CountedRandom } from "../kernel/random.ts"

/**
 * How much a mark says about getting closer, best first:
 * - `progress`: a watermark, a frontier or a quality that grew;
 * - `bucket`: one of many shapes that a state can have (`sometimesEach`);
 * - `once`: something happened at all (`sometimes`, `reachable`).
 */
export type MarkRank = "progress" | "bucket" | "once"

/** One thing that a run came upon. */
export interface Mark {
  readonly key: string
  readonly rank: MarkRank
  /** Higher is better; a mark is news when its key is, or when its value is above the best one seen. */
  readonly value: number
  /** Draws made when it happened: a continuation draws anew from there. */
  readonly draws: number
}

/**
 * The journal of one run. It keeps a mark when its key is new in this run or its value better than before, so
 * it stays short however often the same thing happens.
 *
 * @example
 * const journal = new Journal(kernel.random)
 * journal.progress("floor", 3)
 * journal.bucket("phase", "Carrying/2")
 * journal.once("a leader was deposed while it carried")
 */
export class Journal {
  readonly marks: Array<Mark> = []
  readonly #best = new Map<string, number>()
  readonly #random: CountedRandom

  constructor(random: CountedRandom) {
    this.#random = random
  }

  /** A number that should grow. */
  progress(key: string, value: number): void {
    this.#note(key, "progress", value)
  }

  /**
   * A shape of the state, as one of the buckets of `key`; `quality` tells better visits of it from worse
   * ones.
   */
  bucket(key: string, shape: string | number, quality = 0): void {
    this.#note(`${key}[${shape}]`, "bucket", quality)
  }

  /** It happened at all. */
  once(key: string): void {
    this.#note(key, "once", 0)
  }

  #note(key: string, rank: MarkRank, value: number): void {
    const best = this.#best.get(key)
    if (best !== undefined && value <= best) return
    this.#best.set(key, value)
    this.marks.push({ key, rank, value, draws: this.#random.count })
  }
}
