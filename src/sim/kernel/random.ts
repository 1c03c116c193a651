/**
 * The one random stream of a run: counted, fingerprinted draw by draw, and able to go on from another seed at
 * a given draw.
 */
import type { Random } from "effect"
import { captureAbove } from "../guards/stack.ts"

/** "At draw number `count`, go on with the generator of `seed`." */
export interface ReseedPoint {
  readonly count: number
  readonly seed: number
}

/**
 * A seed and the points where a replay leaves its stream; exploration writes it, a replay follows it to the
 * byte.
 */
export interface Recipe {
  readonly seed: number
  readonly reseeds: ReadonlyArray<ReseedPoint>
}

/**
 * The recipe as people pass it around: `7`, or `7 -> 120@99 -> 4510@3` (at draw 120 go on with seed 99, ...).
 */
export const formatRecipe = (recipe: Recipe): string =>
  [`${recipe.seed}`, ...recipe.reseeds.map((point) => `${point.count}@${point.seed}`)].join(" -> ")

/** A seed is a whole number from 0 that a number can tell from its neighbours: others would share a run. */
const isSeed = (seed: number): boolean => Number.isSafeInteger(seed) && seed >= 0

/** The recipe of a seed, or a recipe. Throws where its seeds are none. */
export const recipeFrom = (seed: number | Recipe): Recipe => {
  const recipe = typeof seed === "number" ? { seed, reseeds: [] } : seed
  for (const one of [recipe.seed, ...recipe.reseeds.map((point) => point.seed)])
    if (!isSeed(one))
      throw new RangeError(`a seed is a whole number from 0 to 2^53 - 1; ${String(one)} is none`)
  return recipe
}

/**
 * Reads what `formatRecipe` wrote, in which points grow strictly; a sentence that says what is wrong where
 * the text is no recipe.
 */
export const readRecipe = (text: string): Recipe | string => {
  const no = (problem: string) =>
    `"${text}" is no recipe: ${problem}; a recipe looks like 7, or like 7 -> 120@99 -> 4510@3`
  const [head = "", ...rest] = text.split("->").map((part) => part.trim())
  if (!/^\d+$/.test(head)) return no(`it begins with "${head}", which is no seed`)
  const reseeds: Array<ReseedPoint> = []
  for (const part of rest) {
    const match = /^(\d+)@(\d+)$/.exec(part)
    if (match === null) return no(`"${part}" is no draw with the seed to go on with`)
    const point = { count: Number(match[1]), seed: Number(match[2]) }
    const before = reseeds.at(-1)?.count
    if (before !== undefined && point.count <= before)
      return no(`draw ${point.count} does not come after draw ${before}`)
    reseeds.push(point)
  }
  const recipe = { seed: Number(head), reseeds }
  const large = [recipe, ...reseeds].find(({ seed }) => !isSeed(seed))
  return large === undefined ? recipe : no("a seed is a whole number from 0 to 2^53 - 1")
}

/** Reads what `formatRecipe` wrote; `undefined` where the text is no recipe (points must grow strictly). */
export const parseRecipe = (text: string): Recipe | undefined => {
  const recipe = readRecipe(text)
  return typeof recipe === "string" ? undefined : recipe
}

/** Keeps one fingerprint a draw, so that two runs of one seed can be compared draw by draw. */
export class DrawLog {
  #values = new Uint32Array(1024)
  length = 0
  /** The draw (from 0) that is looked at, and what was seen of it. */
  watched: number | undefined
  seen: { readonly nowMicros: number; readonly stack: string } | undefined

  push(value: number, nowMicros: number): void {
    if (this.length === this.#values.length) {
      const grown = new Uint32Array(this.length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    if (this.length === this.watched) this.seen = { nowMicros, stack: captureAbove(this.push) }
    this.#values[this.length++] = value
  }

  /** The fingerprints, in the order of the draws. */
  values(): Uint32Array {
    return this.#values.subarray(0, this.length)
  }

  /**
   * The number of the first draw (from 0) that is not the same in both logs; `undefined` when they are equal.
   */
  firstDifference(other: DrawLog): number | undefined {
    const shared = Math.min(this.length, other.length)
    for (let index = 0; index < shared; index++) {
      if (this.#values[index] !== other.#values[index]) return index
    }
    return this.length === other.length ? undefined : shared
  }
}

const twoTo32 = 0x1_0000_0000

/**
 * Every random decision of a run comes from here (sfc32 underneath), so `count` is a position in the run and
 * the fingerprint, which also takes in the virtual time of each draw, tells two runs apart at the first draw
 * that differs. A question whose answer is certain (`chance(0)`, `below(1)`) draws nothing: what is switched
 * off leaves no trace.
 */
export class CountedRandom {
  /** Draws made so far. */
  count = 0
  /** Rolling hash over all draws and their times. */
  fingerprint = 0x811c9dc5 | 0
  /** Virtual time that goes into the fingerprint; the clock sets it. */
  nowMicros = 0
  readonly recipe: Recipe
  readonly log: DrawLog | undefined
  #nextReseed = 0
  #reseedAt: number
  #a = 0
  #b = 0
  #c = 0
  #d = 0

  /** `record` keeps a log of fingerprints (4 bytes a draw) for a determinism check. */
  constructor(recipe: Recipe | number, options: { readonly record?: boolean } = {}) {
    this.recipe = typeof recipe === "number" ? { seed: recipe, reseeds: [] } : recipe
    this.log = options.record === true ? new DrawLog() : undefined
    this.#reseedAt = this.recipe.reseeds[0]?.count ?? Number.POSITIVE_INFINITY
    this.#seed(this.recipe.seed)
  }

  #seed(seed: number): void {
    this.#a = seed | 0
    this.#b = Math.floor(seed / twoTo32) | 0
    this.#c = 0x9e3779b9 | 0
    this.#d = 1
    for (let round = 0; round < 15; round++) this.#next()
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum
  }

  /** One draw: 32 random bits as an unsigned number. */
  bits(): number {
    if (this.count >= this.#reseedAt) this.#reseed()
    this.count++
    const value = this.#next()
    const mixed = Math.imul(this.fingerprint ^ value ^ Math.imul(this.nowMicros | 0, 0x85ebca6b), 0x01000193)
    this.fingerprint = mixed ^ (mixed >>> 15)
    if (this.log !== undefined) this.log.push(this.fingerprint, this.nowMicros)
    return value >>> 0
  }

  #reseed(): void {
    const point = this.recipe.reseeds[this.#nextReseed++]
    if (point !== undefined) this.#seed(point.seed)
    this.#reseedAt = this.recipe.reseeds[this.#nextReseed]?.count ?? Number.POSITIVE_INFINITY
  }

  /** An integer from 0 to `limit` - 1; 0 without a draw where there is no choice. */
  below(limit: number): number {
    if (limit <= 1) return 0
    if (limit > twoTo32) return Math.floor(this.double() * limit)
    return Math.floor((this.bits() * limit) / twoTo32)
  }

  /** A number in [0, 1) with 53 random bits (two draws). */
  double(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992
  }

  /** Whether something of this probability happens; certain answers draw nothing. */
  chance(probability: number): boolean {
    if (probability <= 0) return false
    if (probability >= 1) return true
    return this.bits() < probability * twoTo32
  }

  /** An integer from `min` to `max`, both included. */
  range(min: number, max: number): number {
    return min + this.below(max - min + 1)
  }

  /** One of the items. Asking for one of none is a mistake of the caller and throws. */
  pick<A>(items: ReadonlyArray<A>): A {
    if (items.length === 0) throw new RangeError("pick: there is nothing to pick from")
    return items[this.below(items.length)] as A
  }

  /** A copy in random order. */
  shuffle<A>(items: ReadonlyArray<A>): Array<A> {
    const copy = items.slice()
    for (let index = copy.length - 1; index > 0; index--) {
      const other = this.below(index + 1)
      const held = copy[index] as A
      copy[index] = copy[other] as A
      copy[other] = held
    }
    return copy
  }

  /**
   * One of the items, each as often as its weight says; an item of weight 0 never. Throws when all weigh
   * nothing.
   */
  weighted<A>(items: ReadonlyArray<readonly [item: A, weight: number]>): A {
    const possible = items.filter((entry) => entry[1] > 0)
    const first = possible[0]
    if (first === undefined) throw new RangeError("weighted: every weight is 0")
    if (possible.length === 1) return first[0]
    let total = 0
    for (const entry of possible) total += entry[1]
    let left = (this.bits() / twoTo32) * total
    for (const entry of possible) {
      left -= entry[1]
      if (left < 0) return entry[0]
    }
    return (possible.at(-1) ?? first)[0]
  }
}

/** Effect's Random service over the stream of the run: whatever a simulated program draws is counted too. */
export const randomService = (random: CountedRandom): Random.Random => ({
  nextIntUnsafe: () => {
    const magnitude = (random.bits() >>> 11) * twoTo32 + random.bits()
    return (random.bits() & 1) === 0 ? magnitude : -magnitude
  },
  nextDoubleUnsafe: () => random.double()
})
