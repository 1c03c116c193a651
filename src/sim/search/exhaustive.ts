/** Search of every state of a model, breadth first: what it finds, it finds by the shortest way. */
import { Fingerprints } from "./fingerprints.ts"
import { Frontier } from "./frontier.ts"
import { type Model, State } from "./model.ts"
import { Trail } from "./trail.ts"

/** A broken law and the actions that lead to it from the first state. */
export interface Found {
  readonly broken: string
  readonly actions: ReadonlyArray<number>
}

export interface Searched {
  readonly found: Found | undefined
  /** Different states seen, those that differ only in the names of nodes counted once. */
  readonly states: number
  /** Actions looked at. */
  readonly transitions: number
  /** Actions to the state that is farthest away. */
  readonly depth: number
  /** Every state of the model was seen. */
  readonly isComplete: boolean
}

export interface SearchLimits {
  /** Bytes at most for the states seen and those that wait; default 1 GiB. */
  readonly bytesMax?: number
  /** States at most. */
  readonly statesMax?: number
}

/** A search under way. `advance` goes on with it for a while, so that others get their turn in between. */
export class ExhaustiveSearch {
  readonly #model: Model
  readonly #bytesMax: number
  readonly #statesMax: number
  readonly #seen: Fingerprints
  readonly #frontier = new Frontier()
  readonly #trail = new Trail()
  readonly #state = new State()
  readonly #actions = new State()
  readonly #next = new State()
  readonly #mark = new Int32Array(2)
  #looked = 0
  #transitions = 0

  constructor(model: Model, { bytesMax = 2 ** 30, statesMax = Number.POSITIVE_INFINITY }: SearchLimits = {}) {
    this.#model = model
    this.#bytesMax = bytesMax
    this.#statesMax = statesMax
    this.#seen = new Fingerprints(bytesMax / 2)
    model.initial(this.#state)
    this.#add(this.#state, -1, -1)
  }

  /** What was seen so far. */
  get report(): Searched {
    return this.#result(false)
  }

  /** Looks at so many more states; the verdict, once there is one. */
  advance(states: number): Searched | undefined {
    for (let left = states; left > 0; left--) {
      if (!this.#frontier.shift(this.#state)) return this.#result(true)
      const verdict = this.#expand(this.#looked++)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  /** False where there is no room for it. */
  #add(state: State, from: number, action: number): boolean {
    const mark = this.#mark
    this.#model.fingerprint(state, mark)
    const isNew = this.#seen.add(mark[0]!, mark[1]!)
    if (isNew === false) return true
    if (isNew === undefined || this.#trail.size >= this.#statesMax) return false
    this.#trail.add(from, action)
    this.#frontier.push(state)
    return this.#trail.bytes + this.#frontier.bytes <= this.#bytesMax / 2
  }

  #expand(from: number): Searched | undefined {
    const model = this.#model
    const actions = this.#actions
    model.actions(this.#state, actions)
    for (let at = 0; at < actions.size; at++) {
      const action = actions.words[at]!
      const outcome = model.next(this.#state, action, this.#next)
      this.#transitions++
      if (outcome === "nothing") continue
      if (outcome === "broken")
        return this.#result(false, { broken: model.broken(), actions: [...this.#trail.wayTo(from), action] })
      if (!this.#add(this.#next, from, action)) return this.#result(false)
    }
    return undefined
  }

  #result(isComplete: boolean, found?: Found): Searched {
    const { size, depth } = this.#trail
    return { found, states: size, transitions: this.#transitions, depth, isComplete }
  }
}

/** The whole search at once. */
export const searchAll = (model: Model, limits: SearchLimits = {}): Searched => {
  const search = new ExhaustiveSearch(model, limits)
  for (;;) {
    const verdict = search.advance(1_000_000)
    if (verdict !== undefined) return verdict
  }
}
