/**
 * Exploration by frontier replay: what a run discovers is gone on from, with other randomness, by running its
 * prefix again.
 */
import { type Recipe, recipeFrom } from "../random.ts"
import { Frontier } from "./frontier.ts"
import type { Mark } from "./journal.ts"

/** What one run came to. */
export interface Explored {
  readonly marks: ReadonlyArray<Mark>
  /** Why the run is a finding: the law that it broke, the outcome that it ended with. */
  readonly failure?: string
}

export interface ExploreOptions {
  /** Runs a simulation by a recipe. The same recipe must give the same marks. */
  readonly run: (recipe: Recipe) => Explored
  /** Runs from the beginning that exploration starts with. Default one, of seed 1. */
  readonly seeds?: ReadonlyArray<number>
  /** Runs in all. Default 512. */
  readonly runsMax?: number
  /** Ends the search after so many failing runs. Default 1. */
  readonly failuresMax?: number
  /** States kept to go on from. Default 1024. */
  readonly statesMax?: number
  /** Reseedings in one recipe. Default 128. */
  readonly recipeMax?: number
  /**
   * One run in so many starts from the beginning with a fresh seed, so that no early choice rules for ever.
   * Default 64.
   */
  readonly freshEvery?: number
  /** Called after every run. */
  readonly onRun?: (report: ExploreReport) => void
}

export interface ExploreFailure {
  readonly recipe: Recipe
  readonly failure: string
  /** Runs made when it was found. */
  readonly atRun: number
}

export interface ExploreReport {
  readonly runs: number
  /** Marks seen in all, by key. */
  readonly known: number
  readonly failures: ReadonlyArray<ExploreFailure>
}

/**
 * Searches for failing runs. Deterministic: the same options give the same runs in the same order. Every
 * failure comes with the recipe that replays it. Throws where `seeds` is empty, or holds what is no seed.
 *
 * @example
 * const report = explore({
 *   runsMax: 5000,
 *   run: (recipe) => {
 *     const random = new CountedRandom(recipe)
 *     const journal = new Journal(random)
 *     return { marks: journal.marks, ...(play(random, journal) ? { failure: "treasure" } : {}) }
 *   }
 * })
 */
export const explore = (options: ExploreOptions): ExploreReport => {
  const { run, seeds = [1], runsMax = 512, failuresMax = 1, freshEvery = 64 } = options
  if (seeds.length === 0)
    throw new RangeError("`seeds` is empty: give at least one seed to start from, or leave it out")
  for (const seed of seeds) recipeFrom(seed)
  const frontier = new Frontier(options.statesMax ?? 1024, options.recipeMax ?? 128)
  const failures: Array<ExploreFailure> = []
  const failed = new Set<string>()
  let fresh = Math.max(...seeds)
  let runs = 0
  while (runs < runsMax && failures.length < failuresMax) {
    const first = runs < seeds.length ? seeds[runs] : runs % freshEvery === 0 ? ++fresh : undefined
    const next = first === undefined ? frontier.next() : undefined
    const recipe = next?.recipe ?? { seed: first ?? ++fresh, reseeds: [] }
    const { marks, failure } = run(recipe)
    runs++
    frontier.learn(recipe, marks, next?.state)
    if (failure !== undefined) {
      const known = failed.has(failure)
      failed.add(failure)
      if (!known || failuresMax > failed.size) failures.push({ recipe, failure, atRun: runs })
    }
    options.onRun?.({ runs, known: frontier.known, failures })
  }
  return { runs, known: frontier.known, failures }
}
