/**
 * Questions that a replica is to answer: those that its leader vouches for, and those to whatever state there
 * is.
 */
import { Effect } from "effect"
import type { Ballot, GroupId, Slot } from "../../protocol/ids.ts"
import type { ReplicaState } from "../../protocol/learner/replica.ts"
import type { LocalQuery, Query } from "../../protocol/messages.ts"
import { buggify, knob } from "../../runtime/buggify.ts"
import type { AnswerCell } from "../../wire/client-codec.ts"
import type { NodeContext } from "../node/context.ts"
import { refuseQuery, sendAnswers } from "./replies.ts"

/** What a leader has answered from a state that has applied `slot`. */
export interface LeaderAnswer {
  readonly _tag: "Answer"
  readonly slot: Slot
  readonly queries: ReadonlyArray<Query>
  /** Only if this node leads that ballot under a lease when the answer has been computed. */
  readonly lease: Ballot | undefined
}

export interface AnsweringOptions {
  readonly context: NodeContext
  readonly group: GroupId
  readonly replica: ReplicaState
  readonly ask: (question: Uint8Array) => AnswerCell
  /** Whether this node leads a ballot under a lease at the moment of the call. */
  readonly leads: (ballot: Ballot) => boolean
  /** Has questions answered by a round, which could not be answered under a lease. */
  readonly askByRound: (queries: ReadonlyArray<Query>) => void
}

/** How long a question waits here for a slot before its client is sent elsewhere. */
const waitMs = knob("at-least-wait-ms", 500, { min: 10, max: 2000 })
/** Clients that wait for a slot; more are refused. */
const waitingMax = 4096
const standstillMs = 1500

/** Called by the learner alone, between two runs. */
export class Answering {
  readonly #options: AnsweringOptions
  readonly #led: Array<LeaderAnswer> = []
  #local: Array<{ readonly query: LocalQuery; readonly untilMs: number }> = []

  constructor(options: AnsweringOptions) {
    this.#options = options
  }

  led(answer: LeaderAnswer): void {
    this.#led.push(answer)
  }

  local(query: LocalQuery): void {
    const { context, group } = this.#options
    if (this.#local.length >= waitingMax) {
      return refuseQuery(context, group, query, { _tag: "Overloaded", retryAfterMs: 20 })
    }
    this.#local.push({ query, untilMs: context.monotonicMs() + waitMs.value })
  }

  /** Answers what can be answered now; an effect where it is to be run before anything else is done. */
  answer(): Effect.Effect<void> | undefined {
    const isRead = this.#led.some(({ lease }) => lease !== undefined)
    if (isRead && buggify("a process stands still between a lease and the answer")) {
      return Effect.andThen(
        Effect.sleep(standstillMs),
        Effect.sync(() => this.#answerAll())
      )
    }
    this.#answerAll()
    return undefined
  }

  /** In how long to answer again, for those that wait in vain; undefined where nobody waits. */
  get inMs(): number | undefined {
    const [first] = this.#local
    return first && Math.max(1, Math.ceil(first.untilMs - this.#options.context.monotonicMs()))
  }

  #answerAll(): void {
    if (this.#led.length > 0) this.#answerLed()
    if (this.#local.length > 0) this.#answerLocal()
  }

  #answerLed(): void {
    const { context, group, replica, ask, leads, askByRound } = this.#options
    for (let index = 0; index < this.#led.length; ) {
      const { slot, queries, lease } = this.#led[index]!
      if (slot > replica.applied) {
        index++
        continue
      }
      this.#led.splice(index, 1)
      const isValid = () => lease === undefined || leads(lease)
      const late = sendAnswers(context, group, replica.applied, queries, ask, isValid)
      if (late.length > 0) askByRound(late)
    }
  }

  #answerLocal(): void {
    const { context, group, replica, ask } = this.#options
    const { applied } = replica
    const nowMs = context.monotonicMs()
    const waiting = this.#local
    this.#local = []
    for (const each of waiting) {
      const { query, untilMs } = each
      if (query.atLeast <= applied) sendAnswers(context, group, applied, [query], ask, () => true)
      else if (nowMs >= untilMs) refuseQuery(context, group, query, { _tag: "Behind", applied })
      else this.#local.push(each)
    }
  }
}
