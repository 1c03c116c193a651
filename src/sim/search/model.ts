/** What the searches search: a system as states and actions, its states written as small numbers. */

/** A state written down: each number stands for a part of the system, as its model numbers them. */
export class State {
  words: Int32Array
  size = 0

  constructor(capacity = 64) {
    this.words = new Int32Array(capacity)
  }

  push(word: number): void {
    if (this.size === this.words.length) this.reserve(this.size + 1)
    this.words[this.size++] = word
  }

  /** Makes room for so many words in all. */
  reserve(capacity: number): void {
    if (capacity <= this.words.length) return
    const grown = new Int32Array(2 * capacity)
    grown.set(this.words)
    this.words = grown
  }

  equals({ words, size }: State): boolean {
    if (size !== this.size) return false
    for (let at = 0; at < size; at++) if (this.words[at] !== words[at]) return false
    return true
  }

  copyFrom({ words, size }: State): void {
    this.reserve(size)
    for (let at = 0; at < size; at++) this.words[at] = words[at]!
    this.size = size
  }
}

/** What an action leads to: a state, nothing that could matter, or a broken law. */
export type Outcome = "state" | "nothing" | "broken"

/**
 * A system to search. States and actions are numbers, so that hundreds of thousands of states can be looked
 * at in a second; the model alone knows what they stand for. A model is one search's own: it numbers the
 * parts that it meets, and remembers what the cores answered.
 */
export interface Model {
  readonly name: string
  /** Writes down the state in which everything begins. */
  readonly initial: (into: State) => void
  /** Writes down what can happen in a state. */
  readonly actions: (state: State, into: State) => void
  /**
   * Writes down the state after an action. "nothing": whatever can happen afterwards can happen without it
   * as well. "broken": the action broke a law, or led to a state that does; `broken` says how.
   */
  readonly next: (state: State, action: number, into: State) => Outcome
  /** The sentence about the law that the last `next` found broken. */
  readonly broken: () => string
  /** Two words that are equal for equal states, and for states that differ in the names of nodes only. */
  readonly fingerprint: (state: State, into: Int32Array) => void
  /** What an action is, for a person. */
  readonly describe: (action: number) => string
  /** A small number for what sort of action it is: walks weigh sorts against each other. */
  readonly kindOf: (action: number) => number
  /** A number that is the same for states which look alike from afar: guided walks collect such looks. */
  readonly lookOf: (state: State) => number
}

/** The same model, in which other actions can happen. */
export const withActions = (model: Model, actions: Model["actions"]): Model => ({
  name: model.name,
  initial: (into) => model.initial(into),
  actions,
  next: (state, action, into) => model.next(state, action, into),
  broken: () => model.broken(),
  fingerprint: (state, into) => model.fingerprint(state, into),
  describe: (action) => model.describe(action),
  kindOf: (action) => model.kindOf(action),
  lookOf: (state) => model.lookOf(state)
})
