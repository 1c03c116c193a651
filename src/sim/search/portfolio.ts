/** Random walks through a model, several strategies taking turns: for what no exhaustive search gets to. */
import type { Found } from "./exhaustive.ts"
import { generator } from "./generator.ts"
import { type Model, State } from "./model.ts"
import type { Choose, Strategy } from "./strategies.ts"

/** What one strategy has done. */
export interface Effort {
  readonly strategy: string
  readonly walks: number
  readonly steps: number
}

export interface Walked {
  readonly found: (Found & { readonly strategy: string }) | undefined
  readonly efforts: ReadonlyArray<Effort>
}

export interface WalkLimits {
  readonly seed?: number
  /** Walks of each strategy at most. */
  readonly walksMax?: number
  /** Steps of one walk at most; default 60. */
  readonly stepsMax?: number
}

/** Steps that a strategy takes before the next one has its turn. */
const turnSteps = 5_000
const savedMax = 20_000

/** A state that looked new, and how it was reached. */
interface Saved {
  readonly state: State
  readonly actions: ReadonlyArray<number>
}

/** One strategy at work. */
class Lane {
  readonly strategy: Strategy
  readonly #model: Model
  readonly #random: () => number
  readonly #stepsMax: number
  readonly #looks = new Set<number>()
  readonly #saved: Array<Saved> = []
  readonly #state = new State()
  readonly #next = new State()
  readonly #actions = new State()
  #way: Array<number> = []
  #choose: Choose | undefined
  #left = 0
  walks = 0
  steps = 0

  constructor(model: Model, strategy: Strategy, seed: number, stepsMax: number) {
    this.#model = model
    this.strategy = strategy
    this.#random = generator(seed)
    this.#stepsMax = stepsMax
  }

  /** One step more, of this walk or the next. */
  step(): Found | undefined {
    if (this.#choose === undefined || this.#left === 0) this.#begin()
    this.#left--
    this.steps++
    const actions = this.#actions
    this.#model.actions(this.#state, actions)
    while (actions.size > 0) {
      const at = this.#choose!(actions)
      const action = actions.words[at]!
      const outcome = this.#model.next(this.#state, action, this.#next)
      if (outcome === "broken") return { broken: this.#model.broken(), actions: [...this.#way, action] }
      if (outcome === "state") {
        this.#way.push(action)
        this.#state.copyFrom(this.#next)
        if (this.strategy.isGuided) this.#save()
        return undefined
      }
      actions.words[at] = actions.words[--actions.size]!
    }
    this.#left = 0
    return undefined
  }

  #begin(): void {
    this.walks++
    this.#choose = this.strategy.begin(this.#model, this.#random, this.#stepsMax)
    const saved = this.#saved[Math.floor(this.#random() * this.#saved.length)]
    if (saved === undefined) this.#model.initial(this.#state)
    else this.#state.copyFrom(saved.state)
    this.#way = [...(saved?.actions ?? [])]
    this.#left = Math.max(1, this.#stepsMax - this.#way.length)
  }

  #save(): void {
    const look = this.#model.lookOf(this.#state)
    if (this.#looks.has(look) || this.#saved.length >= savedMax) return
    this.#looks.add(look)
    const state = new State(this.#state.size)
    state.copyFrom(this.#state)
    this.#saved.push({ state, actions: [...this.#way] })
  }
}

/** Walks under way: each strategy gets the same number of steps. `advance` goes on with them for a while. */
export class Portfolio {
  readonly #lanes: ReadonlyArray<Lane>
  readonly #walksMax: number
  #turn = 0

  constructor(model: Model, strategies: ReadonlyArray<Strategy>, limits: WalkLimits = {}) {
    const { seed = 1, walksMax = Number.POSITIVE_INFINITY, stepsMax = 60 } = limits
    this.#walksMax = walksMax
    this.#lanes = strategies.map(
      (strategy, index) => new Lane(model, strategy, seed * 1000 + index, stepsMax)
    )
  }

  get report(): Walked {
    return this.#result()
  }

  /** Lets so many strategies have a turn; the verdict, once there is one. */
  advance(turns: number): Walked | undefined {
    for (let left = turns; left > 0; left--) {
      const lane = this.#lanes[this.#turn++ % this.#lanes.length]!
      for (let steps = 0; steps < turnSteps && lane.walks <= this.#walksMax; steps++) {
        const found = lane.step()
        if (found !== undefined) return this.#result({ ...found, strategy: lane.strategy.name })
      }
      if (this.#lanes.every(({ walks }) => walks > this.#walksMax)) return this.#result()
    }
    return undefined
  }

  #result(found?: Walked["found"]): Walked {
    const efforts = this.#lanes.map(({ strategy, walks, steps }) => ({
      strategy: strategy.name,
      walks: Math.min(walks, this.#walksMax),
      steps
    }))
    return { found, efforts }
  }
}

/** Walks of all strategies until one finds something, or all have had theirs. */
export const walk = (
  model: Model,
  strategies: ReadonlyArray<Strategy>,
  limits: WalkLimits & { readonly walksMax: number }
): Walked => {
  const portfolio = new Portfolio(model, strategies, limits)
  for (;;) {
    const verdict = portfolio.advance(strategies.length)
    if (verdict !== undefined) return verdict
  }
}
