/** Questions of a client that any replica may answer: to the nearest that answers, and on to the next. */
import type { ClientId, GroupId, NodeId } from "../protocol/ids.ts"
import { Slot } from "../protocol/ids.ts"
import type { LocalQuery, Refusal } from "../protocol/messages.ts"
import { knob } from "../runtime/buggify.ts"
import type { ToClient } from "../wire/client-codec.ts"
import { Surroundings } from "./discover.ts"
import { Unavailable } from "./errors.ts"
import { type Question, Questions } from "./questions.ts"

/** Without an answer for this long, the next replica is asked. */
const retryAfter = knob("client-local-retry-ms", 700, { min: 60, max: 4000 })
const lookAgainAfterMs = 100

export interface ReaderOptions {
  readonly client: ClientId
  readonly group: GroupId
  readonly nowMs: () => number
  /** Says why, where the bus takes no message of that size. */
  readonly send: (to: NodeId, query: LocalQuery) => string | undefined
  /** Questions that come to so much fit a message. */
  readonly roomBytes: () => number
  /** Begins to look for replicas; `found` is to be called in the end. */
  readonly look: () => void
}

/** Called by one actor, a batch at a time; `flush` ends each batch. */
export class ReplicaReader {
  readonly #options: ReaderOptions
  readonly #questions = new Questions()
  /** Nearest first; those that failed are taken out. */
  #replicas: ReadonlyArray<NodeId> = []
  #looking = false
  /** Who answered when it looked last. */
  #seen: Surroundings | undefined
  #holdUntilMs = Number.NEGATIVE_INFINITY
  /** Since when the nearest has answered nothing of what it was asked. */
  #owesSinceMs = Number.POSITIVE_INFINITY
  /** The most that a replica which was behind said to have applied. */
  #appliedMost = 0

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  question(question: Question): void {
    this.#questions.add(question)
  }

  /** Who holds the group, among all that answered. */
  found(replicas: ReadonlyArray<NodeId>, seen: Surroundings): void {
    this.#looking = false
    this.#seen = seen
    this.#replicas = replicas
    if (replicas.length === 0) this.#hold(lookAgainAfterMs)
  }

  heard(body: ToClient, from: NodeId): void {
    if (body._tag === "Answered") {
      this.#questions.answered(body.slot, body.flat, this.#seen ?? new Surroundings(this.#options.group))
      if (from !== this.#replicas[0]) return
      this.#owesSinceMs = this.#questions.size > 0 ? this.#options.nowMs() : Number.POSITIVE_INFINITY
      return
    }
    if (body._tag !== "QueryRefused") return
    this.#questions.askAgain(Number.NEGATIVE_INFINITY, body.question)
    this.#refused(from, body.refusal)
  }

  /** Nobody listens where a question was sent, or says nothing. */
  nobodyThere(): void {
    this.#next()
    this.#questions.askAgain(Number.POSITIVE_INFINITY)
  }

  flush(): void {
    const { nowMs, send, client, roomBytes } = this.#options
    if (this.#questions.size === 0 || nowMs() < this.#holdUntilMs) return
    const [replica] = this.#replicas
    if (replica === undefined) return this.#look()
    for (const stretch of this.#questions.take(nowMs(), roomBytes())) {
      const { first, atLeast, queries } = stretch
      const query = { _tag: "LocalQuery", client, question: first, atLeast: Slot(atLeast), queries } as const
      const refused = send(replica, query)
      if (refused !== undefined) this.#questions.reject(stretch, refused)
      else if (this.#owesSinceMs === Number.POSITIVE_INFINITY) this.#owesSinceMs = nowMs()
    }
  }

  /** Looks, now and then, for what takes too long. */
  tick(): void {
    const nowMs = this.#options.nowMs()
    for (const { done, atLeast = 0 } of this.#questions.expired(nowMs)) {
      const most = `the furthest that was asked had applied slot ${this.#appliedMost}`
      const reason =
        atLeast > this.#appliedMost && this.#appliedMost > 0
          ? `no replica had applied slot ${atLeast} in time, ${most}`
          : `no replica answered in time${this.#seen?.absence === undefined ? "" : `: ${this.#seen.absence}`}`
      done(null, 0, new Unavailable({ reason }))
    }
    // Also where whoever asked has given up: the next question is not to wait for a silent one again.
    if (nowMs - this.#owesSinceMs >= retryAfter.value) this.nobodyThere()
    else this.#questions.askAgain(nowMs - retryAfter.value)
  }

  close(): void {
    const failure = new Unavailable({ reason: "the client was closed" })
    for (const { done } of this.#questions.drain()) done(null, 0, failure)
  }

  #refused(from: NodeId, refusal: Refusal): void {
    if (refusal._tag === "Behind") this.#appliedMost = Math.max(this.#appliedMost, refusal.applied)
    if (refusal._tag === "Overloaded") this.#hold(refusal.retryAfterMs)
    if (from === this.#replicas[0]) this.#next()
  }

  /** The next one; when all have been asked in vain, it looks who there is, after a pause. */
  #next(): void {
    this.#replicas = this.#replicas.slice(1)
    this.#owesSinceMs = Number.POSITIVE_INFINITY
    if (this.#replicas.length === 0) this.#hold(lookAgainAfterMs)
  }

  #look(): void {
    if (this.#looking) return
    this.#looking = true
    this.#options.look()
  }

  #hold(forMs: number): void {
    this.#holdUntilMs = Math.max(this.#holdUntilMs, this.#options.nowMs() + forMs)
  }
}
