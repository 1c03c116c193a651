/** Questions that wait for their answers. They change nothing, so they can be asked again at will. */
import { NumberTable } from "../protocol/learner/number-table.ts"
import { knob } from "../runtime/buggify.ts"
import { timeless } from "./call-options.ts"
import type { Surroundings } from "./discover.ts"
import { type QuestionFailure, Rejected } from "./errors.ts"

export type QuestionDone = (answer: unknown, slot: number, failure: QuestionFailure | undefined) => void

export interface Question {
  readonly bytes: Uint8Array
  readonly done: QuestionDone
  /** Monotonic time at which the caller stops waiting. */
  readonly deadlineMs: number
  /** Any replica that has applied this slot may answer; undefined: only the leader. */
  readonly atLeast?: number
}

interface Asked {
  readonly question: Question
  sentAtMs: number
  waits: boolean
}

/** Questions with consecutive numbers, to be answered from the same state: one message. */
export interface Stretch {
  readonly first: number
  readonly atLeast: number
  readonly queries: Array<Uint8Array>
}

const stretchMax = knob("client-question-stretch", 1024, { min: 1, max: 8 })
/** About what a message of questions may come to: the bus takes none that is too large. */
const stretchMaxBytes = 48 * 1024
/** What a question takes in a message beside its bytes. */
const questionOverheadBytes = 5

/** All questions of a client, by number. */
export class Questions {
  #asked = new NumberTable<Asked>()
  #toAsk: Array<number> = []
  #next = 1

  get size(): number {
    return this.#asked.size
  }

  add(question: Question): void {
    if (Number.isNaN(question.deadlineMs)) return question.done(null, 0, timeless())
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
    for (const [number, asked] of this.#asked.entries()) {
      if (asked.waits || (asked.sentAtMs > staleMs && number < from)) continue
      asked.waits = true
      this.#toAsk.push(number)
    }
  }

  /** None of a stretch can be sent. */
  reject({ first, queries }: Stretch, reason: string): void {
    for (let number = first; number < first + queries.length; number++)
      this.settle(number)?.done(null, 0, new Rejected({ reason }))
  }

  /** Hands out answers as they came, from a state that had applied `slot`. */
  answered(slot: number, flat: ReadonlyArray<unknown>, seen: Pick<Surroundings, "unreadable">): void {
    for (let index = 0; index < flat.length; index += 2) {
      const question = this.settle(flat[index] as number)
      const answer = flat[index + 1]
      if (question === undefined) continue
      if (Array.isArray(answer)) question.done(answer[0], slot, undefined)
      else if (answer === null) {
        question.done(null, slot, new Rejected({ reason: "the answer is too large for the bus" }))
      } else question.done(null, slot, new Rejected({ reason: seen.unreadable("question") }))
    }
  }

  expired(nowMs: number): ReadonlyArray<Question> {
    const expired: Array<Question> = []
    for (const [number, { question }] of this.#asked.entries()) {
      if (question.deadlineMs > nowMs) continue
      this.#asked.delete(number)
      expired.push(question)
    }
    return expired
  }

  drain(): ReadonlyArray<Question> {
    const left = this.#asked.entries().map(([, { question }]) => question)
    this.#asked = new NumberTable()
    return left
  }

  /** What is to be asked; it counts as asked now. */
  take(nowMs: number, roomBytes: number): ReadonlyArray<Stretch> {
    const maxBytes = Math.min(stretchMaxBytes, roomBytes)
    const stretches: Array<Stretch> = []
    let end = -1
    let size = 0
    for (const number of this.#toAsk) {
      const asked = this.#asked.get(number)
      if (asked === undefined) continue
      asked.sentAtMs = nowMs
      asked.waits = false
      const current = stretches[stretches.length - 1]
      const { bytes, atLeast = 0 } = asked.question
      const isNext = number === end + 1 && current?.atLeast === atLeast
      const fits = isNext && size + questionOverheadBytes + bytes.length <= maxBytes
      if (fits && current.queries.length < stretchMax.value) current.queries.push(bytes)
      else {
        stretches.push({ first: number, atLeast, queries: [bytes] })
        size = 0
      }
      size += questionOverheadBytes + bytes.length
      end = number
    }
    this.#toAsk = []
    return stretches
  }
}
