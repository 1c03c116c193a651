/** The laws of docs/protocol.md, section 9, over the states of a group's model. */
import type { Replica, Slot } from "../../../protocol/ids.ts"
import type { State } from "../model.ts"
import { PairMap } from "../pair-map.ts"
import type { Pool } from "../pool.ts"
import { addToSoup } from "../soup.ts"
import { comeTrue, type Heard, heardNothing, hearing } from "./clients.ts"
import { nodeNames } from "./scope.ts"
import type { Transition, World } from "./world.ts"

/** What a state remembers for the laws, and how much of the scope is used up. */
export interface History {
  /** The entries known as chosen by slot, from 1: somebody applied them. */
  readonly chosen: ReadonlyArray<string>
  readonly retires: number
  /** Where commands are a lone client's. */
  readonly heard?: Heard | undefined
  /** Through which slot it was known what is chosen when the question came that waits at a node. */
  readonly reads?: ReadonlyMap<string, number>
}

export class GroupLaws {
  readonly #world: World
  readonly #histories: Pool<History>
  /** Numbers of the chosen entries by history and slot. */
  readonly #chosen: Array<ReadonlyArray<number>> = []
  readonly #retired: Array<number> = []
  readonly #matching = new PairMap()

  constructor(world: World, histories: Pool<History>) {
    this.#world = world
    this.#histories = histories
  }

  /** The history once one more acceptor was retired. */
  afterRetire(history: number): number {
    return (this.#retired[history] ??= this.#histories.intern({
      ...this.#histories.values[history]!,
      retires: this.#histories.values[history]!.retires + 1
    }))
  }

  #chosenIn(history: number): ReadonlyArray<number> {
    return (this.#chosen[history] ??= this.#histories.values[history]!.chosen.map((value) =>
      value === "" ? 0 : this.#world.valueNumber(value)
    ))
  }

  /**
   * What a node's step breaks. `after` is the state it led to; what the node applied is added to its history.
   */
  afterStep(
    before: Int32Array,
    after: Int32Array,
    index: number,
    transition: Transition
  ): string | undefined {
    return (
      this.#applied(after, transition) ??
      this.#oneLeader(before, after, index) ??
      (transition.isSameLog ? undefined : this.#logMatching(after, index)) ??
      this.survival(after)
    )
  }

  /** Agreement, and: chosen means synced by every acceptor before the leader counted it. */
  #applied(after: Int32Array, { applied, node }: Transition): string | undefined {
    if (applied.length === 0) return undefined
    const world = this.#world
    const at = world.scope.nodes + 1
    for (const { slot, value, number, answered } of applied) {
      if (this.#chosenIn(after[at]!)[slot] === number) continue
      const { leader } = world.nodes.values[node]!
      const counts = answered && "configuration" in leader ? leader.configuration.acceptors : []
      const broken = this.#knownAsChosen(after, slot, value, counts)
      if (broken !== undefined) return broken
    }
    return undefined
  }

  /** Somebody knows an entry as chosen, who has counted these acceptors. */
  #knownAsChosen(
    after: Int32Array,
    slot: Slot,
    value: string,
    counts: ReadonlyArray<Replica>
  ): string | undefined {
    const world = this.#world
    const at = world.scope.nodes + 1
    const number = world.valueNumber(value)
    const known = this.#chosenIn(after[at]!)[slot] ?? 0
    if (known !== 0 && known !== number) return `agreement: slot ${slot} is chosen, and then as ${value}`
    const history = this.#histories.values[after[at]!]!
    const chosen = Array.from({ length: Math.max(slot + 1, history.chosen.length) }, (_, of) =>
      of === slot ? value : (history.chosen[of] ?? "")
    )
    after[at] = this.#histories.intern({ ...history, chosen })
    const lacks = counts.find(
      ({ node }) => world.factsOf(after[world.indexOf(node)]!).values[slot] !== number
    )
    return lacks && `chosen is synced: slot ${slot} is counted as chosen, and ${lacks.node} does not hold it`
  }

  /** What a node has told the client, and what that has counted by it; it may bring its leader the news. */
  hear(after: State, soup: number, index: number, { told }: Transition): string | undefined {
    if (told.length === 0) return undefined
    const { words } = after
    const at = this.#world.scope.nodes + 1
    const history = this.#histories.values[words[at]!]!
    const heard = told.reduce(
      (before, one) => hearing(before, nodeNames[index]!, one),
      history.heard ?? heardNothing
    )
    const [counted, left] = comeTrue(heard)
    words[at] = this.#histories.intern({ ...history, heard: left })
    for (const { ballot, slot, leader, acceptors, value } of counted) {
      const broken = this.#knownAsChosen(words, slot, value, acceptors)
      if (broken !== undefined) return broken
      const news = { _tag: "News", to: leader.node, counted: { ballot, slot } } as const
      addToSoup(after, soup, this.#world.envelope(news))
    }
    return undefined
  }

  /** One active configuration: who begins to serve a ballot leads it, and it is the active one. */
  #oneLeader(before: Int32Array, after: Int32Array, index: number): string | undefined {
    const world = this.#world
    const facts = world.factsOf(after[index]!)
    if (facts.phase !== "Serving" || world.factsOf(before[index]!).phase === "Serving") return undefined
    const master = world.masterFactsOf(after[world.scope.nodes]!)
    if (master.active < facts.ballot)
      return `one active configuration: ${nodeNames[index]} serves ballot ${facts.ballot}, not active`
    if (master.active === facts.ballot && master.acceptors[0] !== index)
      return `one active configuration: ${nodeNames[index]} serves ballot ${facts.ballot} of another`
    return undefined
  }

  /** Log matching (section 3): equal slot and ballot means equal entries up to there. */
  #logMatching(after: Int32Array, index: number): string | undefined {
    for (let other = 0; other < this.#world.scope.nodes; other++) {
      if (other === index) continue
      let differ = this.#matching.get(after[index]!, after[other]!)
      if (differ < 0) {
        differ = this.#differ(after[index]!, after[other]!)
        this.#matching.set(after[index]!, after[other]!, differ)
      }
      if (differ > 0) return `log matching: slot ${differ} has two entries of one ballot`
    }
    return undefined
  }

  #differ(one: number, other: number): number {
    const [a, b] = [this.#world.factsOf(one), this.#world.factsOf(other)]
    for (let slot = a.values.length - 1; slot > 0; slot--) {
      if (a.values[slot] === 0 || a.ballots[slot] !== b.ballots[slot]) continue
      for (let below = slot; below > 0; below--) if (a.values[below] !== b.values[below]) return below
      return 0
    }
    return 0
  }

  /**
   * Survival: every acceptor of the active configuration holds what is chosen, for each of them is a read
   * quorum.
   */
  survival(words: Int32Array): string | undefined {
    const world = this.#world
    const chosen = this.#chosenIn(words[world.scope.nodes + 1]!)
    if (chosen.length === 0) return undefined
    const master = world.masterFactsOf(words[world.scope.nodes]!)
    for (const index of master.acceptors) {
      const { values } = world.factsOf(words[index]!)
      for (let slot = 1; slot < chosen.length; slot++)
        if (chosen[slot] !== 0 && values[slot] !== chosen[slot])
          return `survival: ${nodeNames[index]} of ballot ${master.active} lost what is chosen at ${slot}`
    }
    return undefined
  }
}
