/**
 * Exploration by frontier replay: what a run discovers is gone on from, with other randomness, by running its
 * prefix again.
 */
import { invariant } from "../../protocol/invariant.ts"
import { type Recipe, recipeFrom } from "../kernel/random.ts"
import { expectLimit } from "../refuse.ts"
import { Frontier, type FrontierState } from "./frontier.ts"
import type { Mark } from "./journal.ts"

/** What one run came to. */
export interface Explored {
  readonly marks: ReadonlyArray<Mark>
  /** Why the run is a finding: the law that it broke, the outcome that it ended with. */
  readonly failure?: string
}

export interface SearchOptions {
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

export interface ExploreOptions extends SearchOptions {
  /** Runs a simulation by a recipe. The same recipe must give the same marks. */
  readonly run: (recipe: Recipe) => Explored
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
 * So many runs are under way at a time, on one thread or on many: which run comes next depends on what all
 * but the last ones came upon, and so never on how many threads there are or which of them is faster.
 */
export const runsAhead = 16

/** A search under way: hands out the recipes to run, and learns from what they came to. */
export class Exploration {
  readonly #frontier: Frontier
  readonly #seeds: ReadonlyArray<number>
  readonly #runsMax: number
  readonly #failuresMax: number
  readonly #freshEvery: number
  readonly #onRun: ((report: ExploreReport) => void) | undefined
  readonly #failures: Array<ExploreFailure> = []
  readonly #failed = new Set<string>()
  /** Chosen, and what came of them is not known yet; in order. */
  readonly #underWay: Array<{ readonly recipe: Recipe; readonly from: FrontierState | undefined }> = []
  /** Those of them that nobody has taken yet. */
  readonly #toRun: Array<Recipe> = []
  /** The last seed that was begun with. */
  #fresh: number
  #chosen = 0
  #runs = 0

  /** Throws where `seeds` is empty, or holds what is no seed, and where a number is none. */
  constructor(options: SearchOptions) {
    const { seeds = [1], runsMax = 512, failuresMax = 1, freshEvery = 64 } = options
    const { statesMax = 1024, recipeMax = 128 } = options
    for (const [name, most] of Object.entries({ runsMax, failuresMax, freshEvery, statesMax }))
      expectLimit(name, most, 1)
    expectLimit("recipeMax", recipeMax)
    if (seeds.length === 0)
      throw new RangeError("`seeds` is empty: give at least one seed to start from, or leave it out")
    for (const seed of seeds) recipeFrom(seed)
    this.#frontier = new Frontier(statesMax, recipeMax)
    this.#seeds = seeds
    this.#runsMax = runsMax
    this.#failuresMax = failuresMax
    this.#freshEvery = freshEvery
    this.#onRun = options.onRun
    this.#fresh = Math.max(...seeds)
    this.#choose()
  }

  /** Whether it has found what it was to find, or made all its runs: what is still under way is of no use. */
  get isOver(): boolean {
    return this.#runs >= this.#runsMax || this.#failures.length >= this.#failuresMax
  }

  get report(): ExploreReport {
    return { runs: this.#runs, known: this.#frontier.known, failures: this.#failures }
  }

  /** The next run. Undefined while enough of them are under way, and where it is over. */
  next(): Recipe | undefined {
    return this.isOver ? undefined : this.#toRun.shift()
  }

  /** Chosen as soon as may be, not when somebody has time for it: that would be another choice. */
  #choose(): void {
    while (this.#chosen < this.#runsMax && this.#underWay.length < runsAhead) {
      const index = this.#chosen++
      const isFresh = index >= this.#seeds.length && index % this.#freshEvery === 0
      const first = this.#seeds[index] ?? (isFresh ? ++this.#fresh : undefined)
      const next = first === undefined ? this.#frontier.next() : undefined
      const recipe = next?.recipe ?? { seed: first ?? ++this.#fresh, reseeds: [] }
      this.#underWay.push({ recipe, from: next?.state })
      this.#toRun.push(recipe)
    }
  }

  /** Learns what the run came to that was handed out first of those under way. */
  take({ marks, failure }: Explored): void {
    const run = this.#underWay.shift()
    invariant(run !== undefined, "a run has to be handed out before anything comes of it")
    const { recipe, from } = run
    this.#runs++
    this.#frontier.learn(recipe, marks, from)
    if (failure !== undefined) {
      const isKnown = this.#failed.has(failure)
      this.#failed.add(failure)
      if (!isKnown || this.#failuresMax > this.#failed.size)
        this.#failures.push({ recipe, failure, atRun: this.#runs })
    }
    this.#choose()
    this.#onRun?.(this.report)
  }
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
export const explore = ({ run, ...options }: ExploreOptions): ExploreReport => {
  const exploration = new Exploration(options)
  for (let recipe = exploration.next(); recipe !== undefined; recipe = exploration.next())
    exploration.take(run(recipe))
  return exploration.report
}
