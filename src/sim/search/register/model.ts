/**
 * The register of the masters as a model: three keepers and two proposers that read and swap. Whatever was
 * sent stays on its way, so that each delivery stands for loss, delay and duplicates alike.
 */
import type { FromKeeper, Keeper, Operation, RegisterValue, ToKeeper } from "../../../protocol/cas-paxos.ts"
import { keptNothing } from "../../../protocol/cas-paxos.ts"
import { NodeId, StorageId } from "../../../protocol/ids.ts"
import { firstSeats } from "../../../protocol/seats.ts"
import type { Cores } from "../cores.ts"
import { addToMark, clearMark, takeMark } from "../marks.ts"
import type { Model, Outcome, State } from "../model.ts"
import { Pool, renamingsOf } from "../pool.ts"
import { type History, noHistory, told, voted } from "./laws.ts"
import type { Delivered, KeeperLife, Letter, Proposer } from "./parts.ts"

const keeperNames = ["A", "B", "C"]
const proposerNames = ["P", "Q"]
const verbs = { deliver: 0, read: 1, swap: 2, again: 3, crash: 4 } as const
const verbOf = (action: number): number => action % 8
const subjectOf = (action: number): number => Math.floor(action / 8)

/** Where the parts of a state are: keepers, proposers, the history, and then the letters in order. */
const firstProposer = keeperNames.length
const historyAt = firstProposer + proposerNames.length
const firstLetter = historyAt + 1

/** The parts of a state, taken apart for one action. */
interface Parts {
  readonly words: Array<number>
  readonly letters: Set<number>
  history: History
}

export class RegisterModel implements Model {
  readonly name: string
  readonly #cores: Cores
  readonly #attempts: ReadonlyArray<number>
  readonly #replicas = keeperNames.map((name) => ({ node: NodeId(name), storage: StorageId(name) }))
  readonly #seats = firstSeats(this.#replicas)
  readonly #renamings = renamingsOf(keeperNames)
  readonly #keepers = new Pool<KeeperLife>("keeper", this.#renamings)
  readonly #proposers = new Pool<Proposer>("proposer", this.#renamings)
  readonly #histories = new Pool<History>("history", this.#renamings)
  readonly #letters = new Pool<Letter>("letter", this.#renamings)
  readonly #delivered = new Map<string, Delivered>()
  #broken = ""

  /** `attempts`: how many each proposer may begin. */
  constructor(name: string, cores: Cores, attempts: ReadonlyArray<number>) {
    this.name = name
    this.#cores = cores
    this.#attempts = attempts
  }

  broken(): string {
    return this.#broken
  }

  initial(into: State): void {
    into.size = 0
    for (const self of this.#replicas) {
      const keeper: Keeper = { self, seats: this.#seats, kept: keptNothing }
      into.push(this.#keepers.intern({ keeper, disk: keptNothing }))
    }
    for (const name of proposerNames) {
      const idle = { attempt: undefined, operation: undefined, attempts: 0, above: 0, version: 0, least: 0 }
      into.push(this.#proposers.intern({ name, ...idle }))
    }
    into.push(this.#histories.intern(noHistory))
  }

  actions({ words, size }: State, into: State): void {
    into.size = 0
    for (let at = firstLetter; at < size; at++) into.push(8 * words[at]! + verbs.deliver)
    for (const index of proposerNames.keys()) {
      const { operation, attempts } = this.#proposers.values[words[firstProposer + index]!]!
      if (attempts >= this.#attempts[index]!) continue
      if (operation !== undefined) into.push(8 * index + verbs.again)
      else into.push(8 * index + verbs.read)
      if (operation === undefined) into.push(8 * index + verbs.swap)
    }
    for (const index of keeperNames.keys()) into.push(8 * index + verbs.crash)
  }

  next({ words, size }: State, action: number, into: State): Outcome {
    const all = [...words.subarray(0, size)]
    const history = this.#histories.values[all[historyAt]!]!
    const parts: Parts = {
      words: all.slice(0, firstLetter),
      letters: new Set(all.slice(firstLetter)),
      history
    }
    const broken = this.#act(parts, verbOf(action), subjectOf(action))
    if (broken !== undefined) {
      this.#broken = broken
      return "broken"
    }
    const letters = [...parts.letters].filter((id) => this.#matters(parts, id)).sort((a, b) => a - b)
    into.size = 0
    for (const word of [...parts.words, ...letters]) into.push(word)
    const isSame = into.size === size && all.every((word, at) => word === into.words[at])
    return isSame ? "nothing" : "state"
  }

  #act(parts: Parts, verb: number, subject: number): string | undefined {
    if (verb === verbs.crash) return this.#crash(parts, subject)
    if (verb !== verbs.deliver) return this.#begin(parts, subject, verb)
    return this.#deliver(parts, subject)
  }

  #deliver(parts: Parts, id: number): string | undefined {
    const letter = this.#letters.values[id]!
    const { words, letters, history } = parts
    const at = "ask" in letter ? this.#replicas.indexOf(letter.keeper) : firstProposer + letter.proposer
    const key = `${id} ${words[at]} ${words[historyAt]}`
    const known = this.#delivered.get(key)
    if (known !== undefined) {
      words[at] = known.word
      words[historyAt] = known.historyWord
      for (const sent of known.letters) letters.add(sent)
      return undefined
    }
    const alone: Parts = { words, letters: new Set(), history }
    const broken = "ask" in letter ? this.#ask(alone, letter) : this.#answer(alone, letter)
    if (broken !== undefined) return broken
    if (alone.history !== history) words[historyAt] = this.#histories.intern(alone.history)
    const historyWord = words[historyAt]!
    this.#delivered.set(key, { word: words[at]!, letters: [...alone.letters], historyWord })
    for (const sent of alone.letters) letters.add(sent)
    return undefined
  }

  #crash({ words }: Parts, index: number): undefined {
    const { keeper, disk } = this.#keepers.values[words[index]!]!
    words[index] = this.#keepers.intern({ keeper: { ...keeper, kept: disk }, disk })
  }

  #begin(parts: Parts, index: number, verb: number): undefined {
    const before = this.#proposers.values[parts.words[firstProposer + index]!]!
    const { name, attempts, version } = before
    const swap: Operation = { _tag: "Swap", expected: version, text: `${name}${attempts}` }
    const operation = verb === verbs.again ? before.operation! : verb === verbs.swap ? swap : readOnce
    const number = before.above + 1
    const ticket = { number, proposer: name }
    const attempt = this.#cores.beginAttempt(operation, ticket, this.#seats, verb !== verbs.again)
    const least = verb === verbs.again ? before.least : parts.history.told
    const next = { ...before, attempt, operation, attempts: attempts + 1, above: number, least }
    parts.words[firstProposer + index] = this.#proposers.intern(next)
    this.#askAll(parts, index, attempt.ask)
  }

  #askAll({ letters }: Parts, proposer: number, ask: ToKeeper): void {
    for (const keeper of this.#replicas) letters.add(this.#letters.intern({ proposer, keeper, ask }))
  }

  /** What a step writes is on the disk before its answer leaves; a crash before that is a letter lost. */
  #ask(parts: Parts, { proposer, keeper, ask }: Letter & { readonly ask: ToKeeper }): string | undefined {
    const index = this.#replicas.indexOf(keeper)
    const before = this.#keepers.values[parts.words[index]!]!
    const step = this.#cores.keeperStep(before.keeper, ask)
    let { disk } = before
    for (const record of step.records) if (record._tag === "Kept") disk = record.kept
    parts.words[index] = this.#keepers.intern({ keeper: step.keeper, disk })
    const answer = step.reply
    if (answer !== undefined) parts.letters.add(this.#letters.intern({ proposer, keeper, answer }))
    if (disk === before.disk || disk.value === undefined) return undefined
    return this.#remember(
      parts,
      voted(parts.history, keeper.node, { ticket: disk.accepted, value: disk.value })
    )
  }

  #answer(parts: Parts, letter: Letter & { readonly answer: FromKeeper }): string | undefined {
    const at = firstProposer + letter.proposer
    const before = this.#proposers.values[parts.words[at]!]!
    const { attempt } = before
    if (attempt === undefined) return undefined
    const step = this.#cores.attemptStep(attempt, letter.keeper, letter.answer)
    if (step._tag === "Going") {
      parts.words[at] = this.#proposers.intern({ ...before, attempt: step.attempt })
      if (step.ask !== undefined) this.#askAll(parts, letter.proposer, step.ask)
      return undefined
    }
    if (step._tag === "Again") {
      const above = Math.max(before.above, step.above)
      parts.words[at] = this.#proposers.intern({ ...before, attempt: undefined, above })
      return undefined
    }
    const { outcome } = step
    const written = attempt.ask._tag === "Write" ? attempt.ask.value : undefined
    const version = versionAfter(before, outcome._tag === "Value" ? outcome.value : written)
    const idle = { ...before, attempt: undefined, operation: undefined, version, least: 0 }
    parts.words[at] = this.#proposers.intern(idle)
    return this.#remember(parts, told(parts.history, outcome, before.least, written))
  }

  #remember(parts: Parts, after: History | string): string | undefined {
    if (typeof after === "string") return after
    parts.history = after
    return undefined
  }

  /**
   * An answer to an attempt that its proposer has left, or to the phase before, changes nothing any more; a
   * peek that nobody waits for does not either.
   */
  #matters({ words }: Parts, id: number): boolean {
    const letter = this.#letters.values[id]!
    const { attempt } = this.#proposers.values[words[firstProposer + letter.proposer]!]!
    if ("ask" in letter) {
      const isAwaited = attempt?.ask._tag === "Peek" && attempt.ask.ticket.number === letter.ask.ticket.number
      return isAwaited || letter.ask._tag !== "Peek"
    }
    const { answer } = letter
    if (attempt?.ask.ticket.number !== answer.ticket.number) return false
    return answer._tag === "Outbid" || (answer._tag === "Written") === (attempt.ask._tag === "Write")
  }

  fingerprint({ words, size }: State, into: Int32Array): void {
    const markWords = 2 * this.#renamings.length
    clearMark()
    for (let at = 0; at < size; at++) addToMark(this.#poolAt(at).weights, words[at]!, markWords)
    takeMark(markWords, into)
  }

  #poolAt(at: number): { readonly weights: Int32Array } {
    if (at < firstProposer) return this.#keepers
    if (at < historyAt) return this.#proposers
    return at === historyAt ? this.#histories : this.#letters
  }

  describe(action: number): string {
    const subject = subjectOf(action)
    const verb = verbOf(action)
    if (verb === verbs.crash) return `${keeperNames[subject]} crashes`
    if (verb !== verbs.deliver) return `${proposerNames[subject]} ${begins[verb]}`
    const letter = this.#letters.values[subject]!
    const name = proposerNames[letter.proposer]
    const of = ({ _tag, ticket }: ToKeeper | FromKeeper) => `${_tag} under ${ticket.number}`
    if ("ask" in letter) return `${letter.keeper.node} gets ${of(letter.ask)} of ${name}`
    return `${name} gets ${of(letter.answer)} of ${letter.keeper.node}`
  }

  kindOf(action: number): number {
    return verbOf(action)
  }

  lookOf({ words }: State): number {
    let look = 0
    for (let at = 0; at < historyAt; at++) look = (Math.imul(look, 31) + words[at]!) | 0
    return look
  }
}

const readOnce: Operation = { _tag: "Read" }
const begins: Readonly<Record<number, string>> = { 1: "reads", 2: "swaps", 3: "tries again" }

const versionAfter = ({ version }: Proposer, value: RegisterValue | undefined): number =>
  value?.version ?? version
