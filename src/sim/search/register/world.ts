/**
 * The parts that a register's model has met, by number, and what the cores answered about each pair of them.
 */
import { NodeId, StorageId } from "../../../protocol/ids.ts"
import {
  type AttemptStep,
  type Kept,
  keptNothing,
  type Operation,
  type ToKeeper
} from "../../../protocol/master/cas-paxos.ts"
import { firstSeats } from "../../../protocol/master/seats.ts"
import type { Cores } from "../cores.ts"
import { PairMap } from "../pair-map.ts"
import { Pool, renamingsOf } from "../pool.ts"
import { type History, noHistory, type Told, told, type Vote, voted } from "./laws.ts"
import type { Answer, Asked, Heard, KeeperLife, Letter, Proposer, Question, RegisterScope } from "./parts.ts"

export const keeperNames = ["A", "B", "C"]
export const proposerNames = ["P", "Q"]

const readOnce: Operation = { _tag: "Read" }
const idle: Heard = { kind: "idle", proposer: -1, asks: [], told: -1 }

export class RegisterWorld {
  readonly renamings = renamingsOf(keeperNames)
  readonly keepers = new Pool<KeeperLife>("keeper", this.renamings)
  readonly proposers = new Pool<Proposer>("proposer", this.renamings)
  readonly histories = new Pool<History>("history", this.renamings)
  readonly letters = new Pool<Letter>("letter", this.renamings)
  /** Of letters, by number. */
  readonly letterKeeper: Array<number> = []
  readonly letterProposer: Array<number> = []
  readonly letterAsks: Array<boolean> = []
  /** The ticket under which a letter wants something written; 0 where it wants no such thing. */
  readonly letterWrites: Array<number> = []
  readonly #cores: Cores
  readonly #attempts: ReadonlyArray<number>
  readonly #replicas = keeperNames.map((name) => ({ node: NodeId(name), storage: StorageId(name) }))
  readonly #seats = firstSeats(this.#replicas)
  readonly #votes = new Pool<Vote>("vote", this.renamings.slice(0, 1))
  readonly #tolds = new Pool<Told>("told", this.renamings.slice(0, 1))
  readonly #tickets = new Pool<string>("ticket", this.renamings.slice(0, 1))
  readonly #asked = new Memo<Asked>()
  readonly #heard = new Memo<Heard>()
  readonly #voted = new Memo<number | string>()
  readonly #told = new Memo<number | string>()
  readonly #begun = new Memo<Heard>()
  readonly #crashed: Array<number> = []
  readonly #open: Array<ReadonlyArray<number>> = []
  readonly #closed = new Memo<number>()

  constructor(cores: Cores, { attempts }: RegisterScope) {
    this.#cores = cores
    this.#attempts = attempts
    // 0 is no ticket.
    this.#tickets.intern("")
  }

  freshKeepers(): ReadonlyArray<number> {
    return this.#replicas.map((self) =>
      this.keepers.intern({ keeper: { self, seats: this.#seats, kept: keptNothing }, disk: keptNothing })
    )
  }

  freshProposers(): ReadonlyArray<number> {
    const nothing = { attempt: undefined, operation: undefined, attempts: 0, above: 0, version: 0, least: 0 }
    return proposerNames.map((name) => this.proposers.intern({ name, ...nothing }))
  }

  freshHistory(): number {
    return this.histories.intern(noHistory)
  }

  hasAttempts(index: number, proposer: number): boolean {
    return this.proposers.values[proposer]!.attempts < this.#attempts[index]!
  }

  promisedBy(keeper: number): number {
    return this.keepers.values[keeper]!.keeper.kept.promised.number
  }

  /** What is left of a keeper after a crash. */
  crashed(keeper: number): number {
    return (this.#crashed[keeper] ??= this.#crash(this.keepers.values[keeper]!))
  }

  #crash({ keeper, disk }: KeeperLife): number {
    return this.keepers.intern({ keeper: { ...keeper, kept: disk }, disk })
  }

  /** What a keeper makes of a question. What it writes is on its disk before its answer leaves. */
  asked(keeper: number, letter: number): Asked {
    return this.#asked.of(keeper, letter, () => {
      const { proposer, keeper: replica, ask } = this.letters.values[letter]! as Question
      const before = this.keepers.values[keeper]!
      const step = this.#cores.keeperStep(before.keeper, ask)
      let disk: Kept = before.disk
      for (const record of step.records) if (record._tag === "Kept") disk = record.kept
      const { node } = replica
      const isVote = disk !== before.disk && disk.value !== undefined
      return {
        keeper: this.keepers.intern({ keeper: step.keeper, disk }),
        answer: step.reply ? this.#letter({ proposer, keeper: replica, answer: step.reply }) : -1,
        vote: isVote ? this.#votes.intern({ node, ticket: disk.accepted, value: disk.value! }) : -1
      }
    })
  }

  /** Whether a question is the peek that its proposer waits for. */
  isPeekOf(proposer: number, letter: number): boolean {
    const { ask } = this.letters.values[letter]! as Question
    const { attempt } = this.proposers.values[proposer]!
    return (
      ask._tag === "Peek" && attempt?.ask._tag === "Peek" && attempt.ask.ticket.number === ask.ticket.number
    )
  }

  /** What a proposer makes of an answer. */
  heard(proposer: number, letter: number): Heard {
    return this.#heard.of(proposer, letter, () => {
      const one = this.letters.values[letter]! as Answer
      const before = this.proposers.values[proposer]!
      const { attempt } = before
      if (attempt === undefined) return idle
      const step = this.#cores.attemptStep(attempt, one.keeper, one.answer)
      return this.#moved(one.proposer, before, step)
    })
  }

  #moved(index: number, before: Proposer, step: AttemptStep): Heard {
    // It can be begun again at any time, above any number that there is: nothing needs to tell it so.
    if (step._tag === "Again") return idle
    if (step._tag === "Going") {
      if (step.attempt === before.attempt) return idle
      const proposer = this.#proposer(index, { ...before, attempt: step.attempt })
      if (step.ask === undefined) return { kind: "counted", proposer, asks: [], told: -1 }
      return { kind: "moved", proposer, asks: this.#asks(index, step.ask), told: -1 }
    }
    const { ask } = before.attempt!
    const written = ask._tag === "Write" ? ask.value : undefined
    const { outcome } = step
    const known = outcome._tag === "Value" ? outcome.value : written
    const version = known?.version ?? before.version
    const done = { ...before, attempt: undefined, operation: undefined, version, least: 0 }
    const told = this.#tolds.intern({ outcome, least: before.least, written })
    return { kind: "moved", proposer: this.#proposer(index, done), asks: [], told }
  }

  /** What a proposer becomes that begins, in one of the ways of `begins`, under the ticket of a number. */
  begun(index: number, proposer: number, way: number, number: number, told: number): Heard {
    return this.#begun.of(proposer, (way * 16 + number) * 16 + told, () => {
      const before = this.proposers.values[proposer]!
      const { name, attempts, version } = before
      const swap: Operation = { _tag: "Swap", expected: version, text: `${name}${attempts}` }
      const operation = way === 2 ? before.operation! : way === 1 ? swap : readOnce
      const attempt = this.#cores.beginAttempt(operation, { number, proposer: name }, this.#seats, way !== 2)
      const least = way === 2 ? before.least : told
      const next = { ...before, attempt, operation, attempts: attempts + 1, above: number, least }
      const asks = this.#asks(index, attempt.ask)
      return { kind: "moved", proposer: this.#proposer(index, next), asks, told: -1 }
    })
  }

  #asks(proposer: number, ask: ToKeeper): ReadonlyArray<number> {
    return this.#replicas.map((keeper) => this.#letter({ proposer, keeper, ask }))
  }

  /** One that may begin nothing any more needs to know nothing for it. */
  #proposer(index: number, one: Proposer): number {
    if (one.attempts < this.#attempts[index]!) return this.proposers.intern(one)
    return this.proposers.intern({ ...one, operation: undefined, above: 0, version: 0 })
  }

  #letter(letter: Letter): number {
    const id = this.letters.intern(letter)
    if (id < this.letterKeeper.length) return id
    this.letterKeeper.push(this.#replicas.findIndex(({ node }) => node === letter.keeper.node))
    this.letterProposer.push(letter.proposer)
    this.letterAsks.push("ask" in letter)
    const isWrite = "ask" in letter && letter.ask._tag === "Write"
    this.letterWrites.push(isWrite ? this.#ticket(letter.ask) : 0)
    return id
  }

  #ticket({ ticket }: { readonly ticket: { readonly number: number; readonly proposer: string } }): number {
    return this.#tickets.intern(`${ticket.number}${ticket.proposer}`)
  }

  /** The history after a disk has accepted a value. */
  voted(history: number, vote: number): number | string {
    return this.#voted.of(history, vote, () =>
      this.#remembered(voted(this.histories.values[history]!, this.#votes.values[vote]!))
    )
  }

  /** The history after somebody was told an outcome. */
  told(history: number, one: number): number | string {
    return this.#told.of(history, one, () =>
      this.#remembered(told(this.histories.values[history]!, this.#tolds.values[one]!))
    )
  }

  #remembered(history: History | string): number | string {
    return typeof history === "string" ? history : this.histories.intern(history)
  }

  /** The tickets under which one disk alone has accepted something. */
  openIn(history: number): ReadonlyArray<number> {
    return (this.#open[history] ??= this.histories.values[history]!.votes.map((vote) => this.#ticket(vote)))
  }

  /** The history without the vote of a ticket; 0: without what was told. */
  without(history: number, ticket: number): number {
    return this.#closed.of(history, ticket, () => {
      const before = this.histories.values[history]!
      if (ticket === 0) return this.histories.intern({ ...before, told: 0 })
      const votes = before.votes.filter((vote) => this.#ticket(vote) !== ticket)
      return this.histories.intern({ ...before, votes })
    })
  }
}

/** What was found out about pairs of small numbers. */
class Memo<T> {
  readonly #at = new PairMap()
  readonly #known: Array<T> = []

  of(a: number, b: number, find: () => T): T {
    const at = this.#at.get(a, b)
    if (at >= 0) return this.#known[at]!
    const found = find()
    this.#at.set(a, b, this.#known.length)
    this.#known.push(found)
    return found
  }
}
