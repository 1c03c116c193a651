/**
 * The register of the masters as a model: three keepers and two proposers that read and swap. Whatever was
 * sent stays on its way, so that each delivery stands for loss, delay and duplicates alike.
 *
 * A proposer takes the answers of a majority at one stroke: an answer that it only counts touches nothing
 * else, so it can as well arrive right before the one that makes it go on. Nobody is told that he was outbid:
 * who has begun may begin again at any time, with any number that he could have heard of.
 */
import type { FromKeeper, ToKeeper } from "../../../protocol/master/cas-paxos.ts"
import type { Cores } from "../cores.ts"
import { addToMark, clearMark, takeMark } from "../marks.ts"
import type { Model, Outcome, State } from "../model.ts"
import { PairMap } from "../pair-map.ts"
import { addToSoup, copyHead, copySoup, isInSoup } from "../soup.ts"
import { begins, type RegisterScope } from "./parts.ts"
import { keeperNames, proposerNames, RegisterWorld } from "./world.ts"

const verbs = { ask: 0, hear: 1, begin: 2, crash: 3 } as const
const numbersMax = 16

/** Where the parts of a state are: keepers, proposers, the history, and then the letters in order. */
const firstProposer = keeperNames.length
const historyAt = firstProposer + proposerNames.length
const soup = historyAt + 1

export class RegisterModel implements Model {
  readonly name: string
  readonly world: RegisterWorld
  readonly #markWords: number
  readonly #waysOnceBegun: ReadonlyArray<number>
  /** Answers taken at one stroke, by number; the first is none. */
  readonly #bundles: Array<ReadonlyArray<number>> = [[]]
  readonly #bundleIds = new PairMap()
  #broken = ""

  constructor(name: string, cores: Cores, scope: RegisterScope) {
    this.name = name
    this.world = new RegisterWorld(cores, scope)
    this.#waysOnceBegun = scope.givesUp ? [0, 1, 2] : [2]
    this.#markWords = 2 * this.world.renamings.length
  }

  broken(): string {
    return this.#broken
  }

  initial(into: State): void {
    const world = this.world
    into.size = 0
    for (const word of [...world.freshKeepers(), ...world.freshProposers()]) into.push(word)
    into.push(world.freshHistory())
  }

  actions(state: State, into: State): void {
    const world = this.world
    const { words, size } = state
    into.size = 0
    for (let at = soup; at < size; at++)
      if (world.letterAsks[words[at]!]) into.push(4 * words[at]! + verbs.ask)
    for (let index = 0; index < proposerNames.length; index++) {
      this.#hearings(state, index, words[firstProposer + index]!, soup, 0, into)
      this.#beginnings(state, index, into)
    }
    for (let index = 0; index < firstProposer; index++)
      if (world.crashed(words[index]!) !== words[index]) into.push(4 * index + verbs.crash)
  }

  /** All answers together that make a proposer go on, one of a keeper. */
  #hearings(state: State, index: number, proposer: number, from: number, bundle: number, into: State): void {
    const world = this.world
    for (let at = from; at < state.size; at++) {
      const letter = state.words[at]!
      if (world.letterAsks[letter] || world.letterProposer[letter] !== index) continue
      const taken = this.#bundles[bundle]!
      if (taken.some((one) => world.letterKeeper[one] === world.letterKeeper[letter])) continue
      const heard = world.heard(proposer, letter)
      if (heard.kind === "idle") continue
      const grown = this.#bundle(bundle, letter)
      if (heard.kind === "moved") into.push(4 * grown + verbs.hear)
      else this.#hearings(state, index, heard.proposer, at + 1, grown, into)
    }
  }

  #bundle(before: number, letter: number): number {
    const known = this.#bundleIds.get(before, letter)
    if (known >= 0) return known
    this.#bundleIds.set(before, letter, this.#bundles.length)
    return this.#bundles.push([...this.#bundles[before]!, letter]) - 1
  }

  #beginnings({ words }: State, index: number, into: State): void {
    const world = this.world
    const word = words[firstProposer + index]!
    if (!world.hasAttempts(index, word)) return
    const { operation, above } = world.proposers.values[word]!
    let promised = above
    for (let at = 0; at < firstProposer; at++) promised = Math.max(promised, world.promisedBy(words[at]!))
    for (let number = above + 1; number <= promised + 1; number++)
      for (const way of operation === undefined ? [0, 1] : this.#waysOnceBegun)
        into.push(4 * ((way * numbersMax + number) * proposerNames.length + index) + verbs.begin)
  }

  next(state: State, action: number, into: State): Outcome {
    const about = action >> 2
    copyHead(state, soup, into)
    copySoup(state, soup, -1, into)
    this.#broken = ""
    const outcome = this.#act(action & 3, about, into)
    if (this.#broken !== "") return "broken"
    if (outcome === "nothing") return "nothing"
    this.#trim(into)
    return into.equals(state) ? "nothing" : "state"
  }

  #act(verb: number, about: number, into: State): Outcome | undefined {
    switch (verb) {
      case verbs.ask:
        return this.#ask(into, about)
      case verbs.hear:
        return this.#hear(into, this.#bundles[about]!)
      case verbs.begin:
        return this.#begin(into, about % proposerNames.length, Math.floor(about / proposerNames.length))
      default:
        into.words[about] = this.world.crashed(into.words[about]!)
        return this.#forget(into, about)
    }
  }

  #ask(into: State, letter: number): undefined {
    const world = this.world
    const { words } = into
    const at = world.letterKeeper[letter]!
    const asked = world.asked(words[at]!, letter)
    words[at] = asked.keeper
    if (asked.answer >= 0) addToSoup(into, soup, asked.answer)
    if (asked.vote >= 0) this.#remember(into, world.voted(words[historyAt]!, asked.vote))
    this.#forget(into, at)
  }

  #hear(into: State, letters: ReadonlyArray<number>): Outcome | undefined {
    const world = this.world
    const at = firstProposer + world.letterProposer[letters[0]!]!
    let toldNow = -1
    for (const letter of letters) {
      const heard = world.heard(into.words[at]!, letter)
      into.words[at] = heard.proposer
      for (const ask of heard.asks) addToSoup(into, soup, ask)
      toldNow = heard.told
    }
    if (toldNow >= 0) this.#remember(into, world.told(into.words[historyAt]!, toldNow))
    // What it was told, nobody can contradict who begins later, for nobody does.
    if (toldNow >= 0 && !this.#canBegin(into)) return "nothing"
    this.#forget(into, at)
    return undefined
  }

  #begin(into: State, index: number, how: number): undefined {
    const world = this.world
    const at = firstProposer + index
    const { told } = world.histories.values[into.words[historyAt]!]!
    const begun = world.begun(index, into.words[at]!, Math.floor(how / numbersMax), how % numbersMax, told)
    into.words[at] = begun.proposer
    for (const ask of begun.asks) addToSoup(into, soup, ask)
    this.#forget(into, at)
  }

  #canBegin({ words }: State): boolean {
    for (let index = 0; index < proposerNames.length; index++)
      if (this.world.hasAttempts(index, words[firstProposer + index]!)) return true
    return false
  }

  #remember(into: State, history: number | string): void {
    if (typeof history === "string") this.#broken = history
    else into.words[historyAt] = history
  }

  /** Takes out the letters that can make no difference any more, now that one part has changed. */
  #forget(into: State, changed: number): undefined {
    const world = this.world
    const { words, size } = into
    let kept = soup
    for (let at = soup; at < size; at++) {
      const letter = words[at]!
      const isAffected =
        world.letterKeeper[letter] === changed || firstProposer + world.letterProposer[letter]! === changed
      if (!isAffected || this.#matters(into, letter)) words[kept++] = letter
    }
    into.size = kept
  }

  /**
   * That a letter makes no difference is what the cores say when they are given it; that it never will:
   * - what a keeper has promised only grows, so it never takes again what it did not take. It gives one
   *   answer to each attempt, or one that says that it was outbid; only to who peeks it may give others;
   * - a proposer never returns to an attempt that it has left, nor to a phase.
   */
  #matters(state: State, letter: number): boolean {
    const world = this.world
    const proposer = state.words[firstProposer + world.letterProposer[letter]!]!
    if (!world.letterAsks[letter]) return world.heard(proposer, letter).kind !== "idle"
    const keeper = state.words[world.letterKeeper[letter]!]!
    const asked = world.asked(keeper, letter)
    if (asked.keeper !== keeper || world.crashed(keeper) !== keeper) return true
    if (world.isPeekOf(proposer, letter)) return true
    if (asked.answer < 0 || isInSoup(state, soup, asked.answer)) return false
    return world.heard(proposer, asked.answer).kind !== "idle"
  }

  /** Takes out of the history what no law can ask for any more. */
  #trim(into: State): void {
    const world = this.world
    const { words } = into
    for (const ticket of world.openIn(words[historyAt]!))
      if (!this.#isWanted(into, ticket)) words[historyAt] = world.without(words[historyAt]!, ticket)
    if (!this.#canBegin(into)) words[historyAt] = world.without(words[historyAt]!, 0)
  }

  #isWanted({ words, size }: State, ticket: number): boolean {
    for (let at = soup; at < size; at++) if (this.world.letterWrites[words[at]!] === ticket) return true
    return false
  }

  fingerprint({ words, size }: State, into: Int32Array): void {
    const markWords = this.#markWords
    clearMark()
    for (let at = 0; at < size; at++) addToMark(this.#poolAt(at).weights, words[at]!, markWords)
    takeMark(markWords, into)
  }

  #poolAt(at: number): { readonly weights: Int32Array } {
    const { keepers, proposers, histories, letters } = this.world
    if (at < firstProposer) return keepers
    if (at < historyAt) return proposers
    return at === historyAt ? histories : letters
  }

  describe(action: number): string {
    const about = action >> 2
    switch (action & 3) {
      case verbs.ask:
        return this.#describeLetter(about)
      case verbs.hear:
        return this.#bundles[about]!.map((letter) => this.#describeLetter(letter)).join(", ")
      case verbs.begin: {
        const how = Math.floor(about / proposerNames.length)
        const way = begins[Math.floor(how / numbersMax)]!
        return `${proposerNames[about % proposerNames.length]} ${way} under ${how % numbersMax}`
      }
      default:
        return `${keeperNames[about]} crashes`
    }
  }

  #describeLetter(id: number): string {
    const letter = this.world.letters.values[id]!
    const name = proposerNames[letter.proposer]
    const of = ({ _tag, ticket }: ToKeeper | FromKeeper) => `${_tag} under ${ticket.number}`
    if ("ask" in letter) return `${letter.keeper.node} gets ${of(letter.ask)} of ${name}`
    return `${name} gets ${of(letter.answer)} of ${letter.keeper.node}`
  }

  kindOf(action: number): number {
    const verb = action & 3
    if (verb !== verbs.begin) return verb
    return 4 + Math.floor((action >> 2) / (proposerNames.length * numbersMax))
  }

  lookOf({ words }: State): number {
    let look = 0
    for (let at = 0; at < historyAt; at++) look = (Math.imul(look, 31) + words[at]!) | 0
    return look
  }
}
