/**
 * One group and its master as a model: what can happen in a state, where it leads, and the laws on the way.
 */
import type { Cores } from "../cores.ts"
import { follow } from "../follow.ts"
import { addToMark, clearMark, takeMark } from "../marks.ts"
import { type Model, type Outcome, State } from "../model.ts"
import { Pool, renamingsOf } from "../pool.ts"
import { addToSoup, copyHead, copySoup } from "../soup.ts"
import { describeAction, nodesMax, setsMax, verbs } from "./actions.ts"
import { Deeds } from "./deeds.ts"
import { sorts } from "./envelope.ts"
import { phases } from "./facts.ts"
import { Inputs } from "./inputs.ts"
import { GroupLaws, type History } from "./laws.ts"
import { LeaseLaws } from "./lease-laws.ts"
import { ReadLaws } from "./reads.ts"
import { keepsSets, namesOf, nodeNames, type Scope, setsWith } from "./scope.ts"
import { forget } from "./soup.ts"
import { type Transition, World } from "./world.ts"

const scratch = new State()

export class GroupModel implements Model {
  readonly name: string
  readonly scope: Scope
  readonly world: World
  readonly histories: Pool<History>
  readonly #markWords: number
  readonly #laws: GroupLaws
  readonly #master: number
  readonly #history: number
  readonly #soup: number
  readonly #first = new State()
  readonly #deeds: Deeds
  readonly #leases: LeaseLaws | undefined
  readonly #reads: ReadLaws | undefined
  readonly #startsOf: ReadonlyArray<ReadonlyArray<number>>
  readonly #inputs: Inputs
  readonly #kinds = new Map<number, number>()
  readonly #kindNames: Pool<string>
  #broken = ""

  constructor(name: string, cores: Cores, scope: Scope) {
    const names = nodeNames.slice(0, scope.nodes)
    const renamings = renamingsOf(names).filter((renaming) => keepsSets(scope, renaming))
    this.name = name
    this.scope = scope
    this.world = new World(cores, scope, renamings)
    this.histories = new Pool("history", renamings)
    this.#kindNames = new Pool("kind", renamings.slice(0, 1))
    this.#inputs = new Inputs(this.world)
    this.#markWords = 2 * renamings.length
    this.#laws = new GroupLaws(this.world, this.histories)
    this.#deeds = new Deeds(this.world)
    this.#leases = scope.leases && new LeaseLaws(this.world, this.histories)
    this.#reads = scope.reads && new ReadLaws(this.world, this.histories)
    this.#startsOf = names.map((_, index) =>
      setsWith(scope, index).map((set) => 8 * (index * setsMax + set) + verbs.start)
    )
    this.#master = scope.nodes
    this.#history = scope.nodes + 1
    this.#soup = scope.nodes + 2
  }

  broken(): string {
    return this.#broken
  }

  /** The first ballot with a leader is active and serves; nothing is on its way. */
  initial(into: State): void {
    if (this.#first.size === 0) this.#begin(this.#first)
    into.copyFrom(this.#first)
  }

  #begin(into: State): void {
    const { world, scope } = this
    const acceptors = scope.initial.map((index) => world.replicas[index]!)
    const first = scope.initial[0]!
    into.size = 0
    for (const node of world.freshNodes()) into.push(node)
    into.push(world.freshMaster(acceptors[0]!, acceptors))
    into.push(this.histories.intern({ chosen: [], retires: 0 }))
    const start = `${nodeNames[first]} starts a ballot of ${namesOf(scope.initial)}`
    const isSound = this.#go(into, start) && this.#goUntilServing(into, first)
    into.size = isSound ? this.#soup : into.size
    for (const step of scope.prelude ?? []) if (!isSound || !this.#go(into, step)) return
  }

  #goUntilServing(state: State, first: number): boolean {
    while (this.world.factsOf(state.words[first]!).phase !== "Serving") {
      const synced = follow(this, state, "oldest write")
      if (synced === "broken" || (synced === "nowhere" && !this.#go(state, "gets"))) return false
    }
    return true
  }

  /** False where a law broke on the way: the search begins before, and finds it at once. */
  #go(state: State, step: string): boolean {
    const outcome = follow(this, state, step)
    if (outcome === "nowhere")
      throw new Error(`${this.name}: the way to the first state ends before: ${step}`)
    return outcome === "state"
  }

  actions(state: State, into: State): void {
    const { scope, world } = this
    const { words, size } = state
    into.size = 0
    for (let at = this.#soup; at < size; at++) into.push(8 * words[at]! + verbs.deliver)
    const master = world.masterFactsOf(words[this.#master]!)
    for (let index = 0; index < scope.nodes; index++) {
      const facts = world.factsOf(words[index]!)
      this.#deeds.of(facts, (input) => into.push(8 * (input * nodesMax + index) + verbs.act))
      if (master.nextBallot > scope.ballotsMax) continue
      for (const action of this.#startsOf[index]!) into.push(action)
      if (!scope.reconfigures || facts.phase === "Deposed") continue
      for (const action of this.#startsOf[index]!) into.push(action + verbs.reconfigure - verbs.start)
    }
    if (scope.leases) for (let fast = 0; fast < 1 << scope.nodes; fast++) into.push(8 * fast + verbs.tick)
    const { retires } = this.histories.values[words[this.#history]!]!
    if (retires >= scope.retiresMax) return
    for (const index of master.acceptors.slice(1)) into.push(8 * index + verbs.retire)
  }

  next(state: State, action: number, into: State): Outcome {
    const about = action >> 3
    switch (action & 7) {
      case verbs.deliver:
        return this.#deliver(state, about, into)
      case verbs.act:
        return this.#act(state, about % nodesMax, Math.floor(about / nodesMax), into)
      case verbs.tick:
        return this.#tick(state, about, into)
      case verbs.reconfigure:
        return this.#reconfigure(state, Math.floor(about / setsMax), about % setsMax, into)
      case verbs.start:
        return this.#start(state, Math.floor(about / setsMax), about % setsMax, into)
      default:
        return this.#retire(state, about, into)
    }
  }

  #deliver(state: State, id: number, into: State): Outcome {
    const { world } = this
    if (world.envelopeSort[id] === sorts.request)
      return this.#atMaster(state, id, this.scope.duplicates ? -1 : id, into)
    const to = world.envelopeTo[id]!
    const transition = world.deliver(state.words[to]!, id)
    // Without it, everything can happen that can happen after it.
    if (transition.isIdle && transition.broken === undefined) return "nothing"
    return this.#arrive(state, to, transition, this.scope.duplicates ? -1 : id, into)
  }

  #act(state: State, index: number, input: number, into: State): Outcome {
    const transition = this.world.stepBy(state.words[index]!, input)
    if (transition.node === state.words[index] && transition.isIdle) return "nothing"
    return this.#arrive(state, index, transition, -1, into)
  }

  /** Time passes; the clocks of some nodes, those in the bits of `fast`, go faster than the others. */
  #tick(state: State, fast: number, into: State): Outcome {
    const { world, scope } = this
    const soup = this.#soup
    copyHead(state, soup, into)
    for (let index = 0; index < scope.nodes; index++) {
      const slow = world.stepBy(state.words[index]!, this.#deeds.slow).node
      into.words[index] = slow
      if ((fast & (1 << index)) === 0) continue
      into.words[index] = world.stepBy(state.words[index]!, this.#deeds.fast).node
      // The same without it.
      if (into.words[index] === slow) return "nothing"
    }
    for (let at = soup; at < state.size; at++) addToSoup(into, soup, world.aged(state.words[at]!))
    forget(world, into, soup, -1)
    return into.equals(state) ? "nothing" : this.#lawful(undefined, into)
  }

  /**
   * A restart, a request for a ballot and its issue, in one: nothing between them could tell the difference.
   * A leader that was deposed need not restart.
   */
  #start(state: State, index: number, set: number, into: State): Outcome {
    const { world, scope } = this
    const before = state.words[index]!
    const isDeposed = world.factsOf(before).phase === "Deposed"
    const isKept = isDeposed && (scope.lateDisks || scope.leases)
    const restarted = isKept ? before : world.stepBy(before, this.#deeds.restart).node
    const { nextBallot } = world.masterFactsOf(state.words[this.#master]!)
    const asked = world.stepBy(restarted, this.#inputs.start(nextBallot, set))
    scratch.copyFrom(state)
    scratch.words[index] = asked.node
    this.#reads?.end(scratch, this.#soup, index)
    return this.#atMaster(scratch, asked.sent[0]!, -1, into)
  }

  /** A request for a ballot of other acceptors, and its issue, in one: until then nothing has changed. */
  #reconfigure(state: State, index: number, set: number, into: State): Outcome {
    const { nextBallot } = this.world.masterFactsOf(state.words[this.#master]!)
    const asked = this.world.stepBy(state.words[index]!, this.#inputs.reconfigure(nextBallot, set))
    // One that hands over in this very step does so without it as well.
    if (asked.sent.length !== 1) return "nothing"
    scratch.copyFrom(state)
    scratch.words[index] = asked.node
    return this.#atMaster(scratch, asked.sent[0]!, -1, into)
  }

  #retire(state: State, index: number, into: State): Outcome {
    scratch.copyFrom(state)
    scratch.words[this.#history] = this.#laws.afterRetire(state.words[this.#history]!)
    return this.#atMaster(scratch, this.#inputs.retirement(state.words[this.#master]!, index), -1, into)
  }

  #atMaster(state: State, request: number, taken: number, into: State): Outcome {
    const step = this.world.masterStep(state.words[this.#master]!, request)
    const soup = this.#soup
    copyHead(state, soup, into)
    into.words[this.#master] = step.master
    copySoup(state, soup, taken, into)
    addToSoup(into, soup, step.reply)
    forget(this.world, into, soup, -1)
    return this.#lawful(step.broken ?? this.#laws.survival(into.words), into)
  }

  #arrive(state: State, index: number, transition: Transition, taken: number, into: State): Outcome {
    const { sent, broken } = transition
    const soup = this.#soup
    copyHead(state, soup, into)
    into.words[index] = transition.node
    copySoup(state, soup, taken, into)
    for (let at = 0; at < sent.length; at++) addToSoup(into, soup, sent[at]!)
    const misled =
      this.#laws.hear(into, soup, index, transition) ??
      this.#reads?.afterStep(state.words, into, soup, index, transition)
    forget(this.world, into, soup, index)
    return this.#lawful(
      broken ?? misled ?? this.#laws.afterStep(state.words, into.words, index, transition),
      into
    )
  }

  #lawful(broken: string | undefined, into: State): Outcome {
    const sentence = broken ?? this.#leases?.broken(into.words)
    if (sentence === undefined) return "state"
    this.#broken = sentence
    into.size = 0
    return "broken"
  }

  fingerprint({ words, size }: State, into: Int32Array): void {
    const { nodes, masters, envelopes } = this.world
    const markWords = this.#markWords
    clearMark()
    for (let at = 0; at < this.#master; at++) addToMark(nodes.weights, words[at]!, markWords)
    addToMark(masters.weights, words[this.#master]!, markWords)
    addToMark(this.histories.weights, words[this.#history]!, markWords)
    for (let at = this.#soup; at < size; at++) addToMark(envelopes.weights, words[at]!, markWords)
    takeMark(markWords, into)
  }

  describe(action: number): string {
    return describeAction(this.world, action)
  }

  kindOf(action: number): number {
    const known = this.#kinds.get(action)
    if (known !== undefined) return known
    const kind = this.#kindNames.intern(this.describe(action))
    this.#kinds.set(action, kind)
    return kind
  }

  lookOf(state: State): number {
    const { world } = this
    const master = world.masterFactsOf(state.words[this.#master]!)
    let look = master.nextBallot * 31 + master.active * 7 + master.generation
    for (let index = 0; index < this.scope.nodes; index++) {
      const { promised, ballot, phase, values } = world.factsOf(state.words[index]!)
      look = Math.imul(look, 31) + promised * 64 + ballot * 8 + phases.indexOf(phase)
      for (const value of values) look = Math.imul(look, 31) + value
    }
    return Math.imul(look, 31) + state.words[this.#history]!
  }
}
