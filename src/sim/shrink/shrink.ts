/**
 * From a failing run to the smallest one that breaks the same law: faults off, fewer of everything, a shorter
 * recipe.
 */
import type { Recipe } from "../kernel/random.ts"
import type { SchedulerOptions } from "../kernel/scheduler-options.ts"
import { hashString } from "../trace/trace.ts"
import { reduceList, reduceNumber } from "./reduce.ts"

/** What a run is made from, as far as it can be made smaller. */
export interface Case {
  readonly recipe: Recipe
  /** Fault families, single strikes and operations that are left out, by name. */
  readonly without: ReadonlyArray<string>
  /** Caps by name: operations, clients, nodes, milliseconds of chaos. */
  readonly limits: Readonly<Record<string, number>>
  /** Left out: drawn from the seed, as in any run. */
  readonly scheduler?: SchedulerOptions
}

/** How a case failed. */
export interface CaseFailure {
  /** Which law: a smaller case counts only if it breaks the same one. */
  readonly law: string
  readonly message: string
  /** How long it took, in steps or whatever else is to be small. */
  readonly size: number
}

export interface ShrinkOptions {
  /** Runs a case; undefined where it passes. Must be deterministic. */
  readonly run: (candidate: Case) => CaseFailure | undefined
  /** The names that `without` can hold. */
  readonly removable: ReadonlyArray<string>
  /** The least that each limit makes sense at; limits that are not named here stay. */
  readonly least: Readonly<Record<string, number>>
  /** Runs in all. Default 400. */
  readonly runsMax?: number
  /**
   * Seeds tried for each smaller case. Leaving something out changes every draw after it, so the seed that
   * failed may pass where many others fail. Default 4.
   */
  readonly seedsPerCase?: number
  readonly onProgress?: (smallest: Case, runs: number) => void
}

export interface Shrunk {
  readonly smallest: Case
  readonly failure: CaseFailure
  readonly runs: number
}

class Shrinker {
  smallest: Case
  failure: CaseFailure
  runs = 1
  /** Runs kept for later. */
  reserve = 0
  readonly #options: ShrinkOptions
  readonly #runsMax: number
  readonly #seedsPerCase: number

  constructor(first: Case, failure: CaseFailure, options: ShrinkOptions) {
    this.smallest = first
    this.failure = failure
    this.#options = options
    this.#runsMax = options.runsMax ?? 400
    this.#seedsPerCase = options.seedsPerCase ?? 4
  }

  get runsLeft(): number {
    return Math.max(0, this.#runsMax - this.reserve - this.runs)
  }

  /**
   * Whether the case breaks the same law, by its own recipe or from another seed; if so it is the smallest
   * from now on.
   */
  holds(candidate: Case): boolean {
    for (let attempt = 0; attempt < this.#seedsPerCase && this.runsLeft > 0; attempt++) {
      const recipe = attempt === 0 ? candidate.recipe : this.#otherSeed(candidate, attempt)
      if (this.holdsAsIs({ ...candidate, recipe })) return true
    }
    return false
  }

  /** The same with the recipe as it is. */
  holdsAsIs(candidate: Case): boolean {
    if (this.runsLeft === 0) return false
    const failure = this.#run(candidate)
    if (failure?.law !== this.failure.law) return false
    this.#take(candidate, failure)
    return true
  }

  /** Takes the case if it fails sooner than the smallest one. */
  holdsSooner(candidate: Case): boolean {
    if (this.runsLeft === 0) return false
    const failure = this.#run(candidate)
    if (failure?.law !== this.failure.law || failure.size >= this.failure.size) return false
    this.#take(candidate, failure)
    return true
  }

  #otherSeed(candidate: Case, attempt: number): Recipe {
    const { recipe, without, limits } = candidate
    const text = `${recipe.seed}/${attempt}/${without.length}/${JSON.stringify(limits)}`
    return { seed: hashString(text) >>> 1, reseeds: [] }
  }

  #run(candidate: Case): CaseFailure | undefined {
    this.runs++
    return this.#options.run(candidate)
  }

  #take(candidate: Case, failure: CaseFailure): void {
    this.smallest = candidate
    this.failure = failure
    this.#options.onProgress?.(candidate, this.runs)
  }
}

const leaveOut = (shrinker: Shrinker, removable: ReadonlyArray<string>): void => {
  const there = removable.filter((name) => !shrinker.smallest.without.includes(name))
  const before = shrinker.smallest.without
  const without = (kept: ReadonlyArray<string>) => [
    ...before,
    ...there.filter((name) => !kept.includes(name))
  ]
  reduceList(there, (kept) => shrinker.holds({ ...shrinker.smallest, without: without(kept) }))
}

const lower = (shrinker: Shrinker, least: Readonly<Record<string, number>>): void => {
  for (const [name, floor] of Object.entries(least)) {
    const value = shrinker.smallest.limits[name]
    if (value === undefined) continue
    reduceNumber(value, floor, (candidate) => {
      const { limits } = shrinker.smallest
      return shrinker.holds({ ...shrinker.smallest, limits: { ...limits, [name]: candidate } })
    })
  }
}

const shorten = (shrinker: Shrinker): void => {
  const { recipe } = shrinker.smallest
  reduceList(recipe.reseeds, (reseeds) =>
    shrinker.holdsAsIs({ ...shrinker.smallest, recipe: { ...recipe, reseeds } })
  )
}

/**
 * Makes a failing case smaller in rounds, as long as a round brings something: leaves out what it can, lowers
 * the limits, shortens the recipe; at last it looks for a seed that fails sooner. Undefined where the case
 * does not fail at all.
 */
export const shrink = (first: Case, options: ShrinkOptions): Shrunk | undefined => {
  const failure = options.run(first)
  if (failure === undefined) return undefined
  const shrinker = new Shrinker(first, failure, options)
  const soonerRuns = Math.min(32, Math.floor(shrinker.runsLeft / 4))
  shrinker.reserve = soonerRuns
  for (let before: Case | undefined; before !== shrinker.smallest && shrinker.runsLeft > 0; ) {
    before = shrinker.smallest
    leaveOut(shrinker, options.removable)
    lower(shrinker, options.least)
    shorten(shrinker)
  }
  shrinker.reserve = 0
  for (let seed = 1; seed <= soonerRuns; seed++) {
    shrinker.holdsSooner({ ...shrinker.smallest, recipe: { seed, reseeds: [] } })
  }
  return { smallest: shrinker.smallest, failure: shrinker.failure, runs: shrinker.runs }
}
