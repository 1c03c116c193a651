/**
 * Random runs of the masters' register without any of the reductions of its search: each answer arrives by
 * itself, whoever is outbid is told so, and proposers number their attempts as nodes do.
 */
import { NodeId, StorageId } from "../../src/protocol/ids.ts"
import {
  type Attempt,
  attemptStep,
  beginAttempt,
  type Keeper,
  keeperStep,
  keptNothing,
  type Operation,
  type Ticket
} from "../../src/protocol/master/cas-paxos.ts"
import { firstSeats } from "../../src/protocol/master/seats.ts"
import { generator } from "../../src/sim/search/generator.ts"
import { type History, noHistory, voted } from "../../src/sim/search/register/laws.ts"
import type { Answer, Letter } from "../../src/sim/search/register/parts.ts"

const replicas = ["A", "B", "C"].map((name) => ({ node: NodeId(name), storage: StorageId(name) }))
const seats = firstSeats(replicas)
const proposerNames = ["P", "Q"]

interface Life {
  attempt: Attempt | undefined
  operation: Operation | undefined
  attempts: number
  /** The highest number seen; undefined: that which its own keeper has promised. */
  highest: number | undefined
  version: number
}

const ticketText = ({ number, proposer }: Ticket): string => (number === 0 ? "-" : `${number}${proposer}`)

/**
 * What the disks hold, whatever the keepers are called, what was decided, who has begun how often, and what
 * those know who may begin again.
 */
export const registerLook = (
  keepers: Iterable<Keeper>,
  { decided }: History,
  lives: ReadonlyArray<{ readonly attempts: number; readonly version: number }>,
  attemptsMax: ReadonlyArray<number>
): string => {
  const disks = [...keepers].map(({ kept: { promised, accepted, value } }) =>
    [ticketText(promised), ticketText(accepted), value?.version, value?.text].join(".")
  )
  const begun = lives.map(({ attempts, version }, index) =>
    attempts < attemptsMax[index]! ? `${attempts} knows ${version}` : attempts
  )
  return [disks.sort().join(" "), [...decided].sort().join(" "), begun.join()].join(" | ")
}

class RandomRegister {
  readonly keepers: Array<Keeper> = replicas.map((self) => ({ self, seats, kept: keptNothing }))
  readonly lives: Array<Life> = proposerNames.map(() => ({
    attempt: undefined,
    operation: undefined,
    attempts: 0,
    highest: undefined,
    version: 0
  }))
  history = noHistory
  readonly #letters: Array<Letter> = []
  readonly #attempts: ReadonlyArray<number>
  readonly #below: (count: number) => number

  constructor(attempts: ReadonlyArray<number>, random: () => number) {
    this.#attempts = attempts
    this.#below = (count) => Math.floor(random() * count)
  }

  /** Something that can happen. */
  step(): void {
    const at = this.#below(this.#letters.length + 1)
    if (at === this.#letters.length) return this.#begin(this.#below(proposerNames.length))
    const isLast = this.#below(5) > 0
    this.#deliver(isLast ? this.#letters.splice(at, 1)[0]! : this.#letters[at]!)
  }

  #askAll(proposer: number, { ask }: Attempt): void {
    for (const keeper of replicas) this.#letters.push({ proposer, keeper, ask })
  }

  #begin(index: number): void {
    const life = this.lives[index]!
    if (life.attempts === this.#attempts[index]) return
    const proposer = proposerNames[index]!
    const number = (life.highest ?? this.keepers[index]!.kept.promised.number) + 1
    const isNew = life.operation === undefined
    const swap: Operation = { _tag: "Swap", expected: life.version, text: `${proposer}${life.attempts}` }
    life.operation ??= this.#below(2) === 0 ? { _tag: "Read" } : swap
    life.attempt = beginAttempt(life.operation, { number, proposer }, seats, isNew)
    life.highest = number
    life.attempts++
    this.#askAll(index, life.attempt)
  }

  #deliver(letter: Letter): void {
    if ("answer" in letter) return this.#hear(this.lives[letter.proposer]!, letter)
    const { proposer, keeper } = letter
    const index = replicas.indexOf(keeper)
    const step = keeperStep(this.keepers[index]!, letter.ask)
    this.keepers[index] = step.keeper
    const { accepted: ticket, value } = step.keeper.kept
    if (step.reply !== undefined) this.#letters.push({ proposer, keeper, answer: step.reply })
    if (letter.ask._tag !== "Write" || step.records.length === 0 || value === undefined) return
    const after = voted(this.history, { node: keeper.node, ticket, value })
    if (typeof after === "string") throw new Error(after)
    this.history = after
  }

  #hear(life: Life, { proposer, keeper, answer }: Answer): void {
    if (life.attempt === undefined) return
    const step = attemptStep(life.attempt, keeper, answer)
    if (step._tag === "Going") {
      life.attempt = step.attempt
      if (step.ask !== undefined) this.#askAll(proposer, step.attempt)
      return
    }
    if (step._tag === "Again") life.highest = Math.max(life.highest!, step.above)
    else {
      const { ask } = life.attempt
      const written = ask._tag === "Write" ? ask.value : undefined
      life.version = (step.outcome._tag === "Value" ? step.outcome.value : written)?.version ?? life.version
      life.operation = undefined
    }
    life.attempt = undefined
  }
}

/** One run; `visit` is shown the look of each state. `attempts`: how many each proposer may begin. */
export const randomRegister = (
  seed: number,
  attempts: ReadonlyArray<number>,
  steps: number,
  visit: (look: string) => void
): void => {
  const register = new RandomRegister(attempts, generator(seed))
  for (let step = 0; step < steps; step++) {
    register.step()
    visit(registerLook(register.keepers, register.history, register.lives, attempts))
  }
}
