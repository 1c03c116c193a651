/** Questions that wait for their answers. They change nothing, so they can be asked again at will. */
import { knob } from "../runtime/buggify.ts"
import type { QuestionFailure } from "./errors.ts"

export type QuestionDone = (answer: unknown, slot: number, failure: QuestionFailure | undefined) => void

export interface Question {
  readonly bytes: Uint8Array
  readonly done: QuestionDone
  /** Monotonic time at which the caller stops waiting. */
  readonly deadlineMs: number
}

interface Asked {
  readonly question: Question
  sentAtMs: number
  waits: boolean
}

/** Questions with consecutive numbers: one message. */
export interface Stretch {
  readonly first: number
  readonly queries: Array<Uint8Array>
}

const stretchMax = knob("client-question-stretch", 1024, { min: 1, max: 8 })

/** All questions of a client, by number. */
export class Questions {
  readonly #asked = new Map<number, Asked>()
  #toAsk: Array<number> = []
  #next = 1

  get size(): number {
    return this.#asked.size
  }

  add(question: Question): void {
    this.#toAsk.push(this.#next)
    this.#asked.set(this.#next++, { question, sentAtMs: 0, waits: true })
  }

  settle(number: number): Question | undefined {
    const asked = this.#asked.get(number)
    if (asked !== undefined) this.#asked.delete(number)
    return asked?.question
  }

  /** Has everything asked again that was asked before `staleMs`, and all from the number `from` on. */
  askAgain(staleMs: number, from: number = Number.POSITIVE_INFINITY): void {
    for (const [number, asked] of this.#asked) {
      if (asked.waits || (asked.sentAtMs > staleMs && number < from)) continue
      asked.waits = true
      this.#toAsk.push(number)
    }
  }

  expired(nowMs: number): ReadonlyArray<Question> {
    const expired: Array<Question> = []
    for (const [number, { question }] of this.#asked) {
      if (question.deadlineMs > nowMs) continue
      this.#asked.delete(number)
      expired.push(question)
    }
    return expired
  }

  drain(): ReadonlyArray<Question> {
    const left = [...this.#asked.values()].map(({ question }) => question)
    this.#asked.clear()
    return left
  }

  /** What is to be asked; it counts as asked now. */
  take(nowMs: number): ReadonlyArray<Stretch> {
    const stretches: Array<Stretch> = []
    let end = -1
    for (const number of this.#toAsk) {
      const asked = this.#asked.get(number)
      if (asked === undefined) continue
      asked.sentAtMs = nowMs
      asked.waits = false
      const current = stretches[stretches.length - 1]
      if (current !== undefined && number === end + 1 && current.queries.length < stretchMax.value) {
        current.queries.push(asked.question.bytes)
      } else stretches.push({ first: number, queries: [asked.question.bytes] })
      end = number
    }
    this.#toAsk = []
    return stretches
  }
}
