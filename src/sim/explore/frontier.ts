/** The states that exploration can go on from, and which of them is next. */

import type { Recipe } from "../kernel/random.ts"
import { hashString } from "../trace/trace.ts"
import type { Mark, MarkRank } from "./journal.ts"

/** A way to get to a state: follow `recipe` until `draws` draws were made. */
export interface Anchor {
  readonly recipe: Recipe
  readonly draws: number
}

/** A state of the frontier, named by the mark that led to it. */
export interface FrontierState {
  readonly key: string
  readonly rank: MarkRank
  value: number
  /** How many discoveries in a row led here. */
  depth: number
  /** Continuations started from here since it was found or improved. */
  visits: number
  /** Continuations started from here in all: no two get the same seed. */
  started: number
  /** Order of discovery or of the last improvement. */
  order: number
  anchors: Array<Anchor>
}

const rankOrder: Readonly<Record<MarkRank, number>> = { progress: 0, bucket: 1, once: 2 }
const anchorsMax = 3

/** `recipe` up to `draws`, then the stream of `seed`. */
export const branch = (recipe: Recipe, draws: number, seed: number): Recipe => ({
  seed: recipe.seed,
  reseeds: [...recipe.reseeds.filter((point) => point.count < draws), { count: draws, seed }]
})

/** Everything known so far. It decides which marks are news and where to go on. */
export class Frontier {
  readonly states = new Map<string, FrontierState>()
  /** The best value of every key ever seen, also of those that were dropped from the frontier. */
  readonly #best = new Map<string, number>()
  readonly #statesMax: number
  readonly #recipeMax: number
  #order = 0
  #keen = false

  constructor(statesMax: number, recipeMax: number) {
    this.#statesMax = statesMax
    this.#recipeMax = recipeMax
  }

  /** Keys ever seen. */
  get known(): number {
    return this.#best.size
  }

  /**
   * Takes in the marks of a run that followed `recipe` and went on from `parent`; returns how many were news.
   * A mark that is as good as what is known becomes one more way to get there, if it is a shorter one.
   */
  learn(recipe: Recipe, marks: ReadonlyArray<Mark>, parent: FrontierState | undefined): number {
    let news = 0
    const from = recipe.reseeds.at(-1)?.count ?? 0
    for (const mark of marks) {
      // What lies before the last reseeding is the prefix, known to the run that this one goes on from.
      if (mark.draws < from) continue
      const best = this.#best.get(mark.key)
      if (best !== undefined && mark.value < best) continue
      if (best === undefined || mark.value > best) {
        news++
        this.#best.set(mark.key, mark.value)
        this.#reach(recipe, mark, (parent?.depth ?? 0) + news)
      } else this.#reachAgain(recipe, mark)
    }
    if (this.states.size > this.#statesMax) this.#shrink()
    return news
  }

  /** Where to go on, and the recipe of the continuation. Undefined while nothing is known. */
  next(): { readonly state: FrontierState; readonly recipe: Recipe } | undefined {
    // Two tastes by turns: a keen one wins most of the time, an even one gets it out of dead ends.
    this.#keen = !this.#keen
    let chosen: FrontierState | undefined
    for (const state of this.states.values()) {
      if (chosen === undefined || isBefore(state, chosen, this.#keen ? keenTaste : evenTaste)) chosen = state
    }
    if (chosen === undefined) return undefined
    const anchor = chosen.anchors[chosen.started % chosen.anchors.length]!
    const seed = hashString(`${anchor.recipe.seed}/${chosen.key}/${chosen.order}/${chosen.started}`) >>> 1
    chosen.visits++
    chosen.started++
    return { state: chosen, recipe: branch(anchor.recipe, anchor.draws, seed) }
  }

  #reach(recipe: Recipe, mark: Mark, depth: number): void {
    const anchor = { recipe, draws: mark.draws }
    if (recipe.reseeds.length >= this.#recipeMax) return
    const { key, rank, value } = mark
    const known = this.states.get(key)
    const order = this.#order++
    if (known === undefined) {
      const fresh = { key, rank, value, depth, visits: 0, started: 0, order, anchors: [anchor] }
      this.states.set(key, fresh)
    } else
      Object.assign(known, {
        value,
        depth: Math.max(depth, known.depth),
        visits: 0,
        order,
        anchors: [anchor]
      })
  }

  #reachAgain(recipe: Recipe, mark: Mark): void {
    const known = this.states.get(mark.key)
    if (known === undefined || known.anchors.some((anchor) => anchor.draws <= mark.draws)) return
    known.anchors = [{ recipe, draws: mark.draws }, ...known.anchors].slice(0, anchorsMax)
  }

  /** Forgets the states that were tried most, the least telling first. */
  #shrink(): void {
    const sorted = [...this.states.values()].sort((a, b) => (isBefore(a, b, evenTaste) ? -1 : 1))
    for (const state of sorted.slice(Math.floor(this.#statesMax * 0.9))) this.states.delete(state.key)
  }
}

// How much more often a state of twice the depth is gone on from: 2 to this power.
const keenTaste = 8
const evenTaste = 2

/** Fewest visits for its depth, then the more telling mark, then the deeper and the newer one. */
const isBefore = (a: FrontierState, b: FrontierState, taste: number): boolean => {
  const visits = a.visits / (a.depth + 1) ** taste - b.visits / (b.depth + 1) ** taste
  if (visits !== 0) return visits < 0
  const rank = rankOrder[a.rank] - rankOrder[b.rank]
  if (rank !== 0) return rank < 0
  return a.depth === b.depth ? a.order > b.order : a.depth > b.depth
}
