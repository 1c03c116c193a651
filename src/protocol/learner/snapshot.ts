/**
 * Snapshots: all that a replica has built from a log through one slot, as plain values one after the other,
 * and back. They hold the sessions too: a table of replies outside would forget at the first cut of the log
 * (section 5).
 */
import { Ballot, ClientId, RequestNumber, SessionId, Slot } from "../ids.ts"
import { invariant } from "../invariant.ts"
import type { Base } from "../log/view.ts"
import type { Outcome } from "../messages.ts"
import { type AnyMachine, misfit, type StateBuilder } from "./machine.ts"
import type { ReplicaState } from "./replica.ts"
import {
  type FrozenSession,
  freezeSessions,
  noSessions,
  type RecordedReply,
  restoreSession,
  type Sessions
} from "./session.ts"

/** What stands at the beginning of a snapshot: whose it is, and which place of the log. */
export interface SnapshotHead extends Base {
  readonly group: string
  readonly machine: string
  readonly version: number
  /** Of the sessions. */
  readonly ttlMs: number
  readonly sweptMs: number
}

const format = 1

/** A replica's state at one slot: commands that are applied while it is written do not show. */
export interface FrozenReplica {
  readonly head: SnapshotHead
  /** The plain values that a snapshot is made of, in order; to be taken once. */
  readonly parts: Iterable<unknown>
}

/**
 * Freezes a replica as it is, between two runs. `ballot` is that of the last entry that it applied. It takes
 * no longer than copying the table of sessions, if the machine splits its state.
 */
export const freezeReplica = (
  group: string,
  machine: AnyMachine,
  replica: ReplicaState,
  ballot: Ballot
): FrozenReplica => {
  const { applied: slot, atMs, sessions } = replica
  const { ttlMs, sweptMs } = sessions
  const { name, version } = machine
  const head: SnapshotHead = { group, slot, ballot, atMs, machine: name, version, ttlMs, sweptMs }
  const states = machine.parts?.split(replica.machine) ?? [machine.forms.state.encode(replica.machine)]
  return { head, parts: partsOf(head, freezeSessions(sessions), states, machine) }
}

function* partsOf(
  head: SnapshotHead,
  sessions: ReadonlyArray<FrozenSession>,
  states: Iterable<unknown>,
  machine: AnyMachine
): Generator<unknown> {
  const { group, slot, ballot, atMs, version, ttlMs, sweptMs } = head
  yield ["head", format, group, slot, ballot, atMs, head.machine, version, ttlMs, sweptMs]
  let count = 1
  for (const session of sessions) {
    yield sessionOut(session, machine)
    count++
  }
  for (const state of states) {
    yield ["state", state]
    count++
  }
  yield ["end", count]
}

const sessionOut = ({ id, client, seenMs, received, replies }: FrozenSession, machine: AnyMachine) => [
  "session",
  id,
  client,
  seenMs,
  received,
  replies.map(([number, { slot, outcome, reply }]) => [
    number,
    slot,
    outcome,
    outcome === "done" ? machine.forms.reply.encode(reply) : null
  ])
]

/** Reads the beginning of a snapshot; undefined where it is none. */
export const readHead = (plain: unknown): SnapshotHead | undefined => {
  if (!Array.isArray(plain) || plain[0] !== "head" || plain[1] !== format) return undefined
  const [, , group, slot, ballot, atMs, machine, version, ttlMs, sweptMs] = plain
  if (typeof group !== "string" || typeof machine !== "string") return undefined
  if (![slot, ballot, version].every(Number.isSafeInteger)) return undefined
  if (![atMs, ttlMs, sweptMs].every(Number.isFinite)) return undefined
  return { group, slot: Slot(slot), ballot: Ballot(ballot), atMs, machine, version, ttlMs, sweptMs }
}

const outcomes: ReadonlyArray<Outcome> = ["done", "session-expired", "window-exceeded", "bad-command"]

/** Builds a replica from the values of a snapshot, in their order. */
export class RestoredReplica {
  head: SnapshotHead | undefined
  readonly #machine: AnyMachine
  readonly #whole: { state: unknown; seen: boolean } = { state: undefined, seen: false }
  #builder: StateBuilder<unknown> | undefined
  #sessions: Sessions | undefined
  #count = 0
  #ended = false

  constructor(machine: AnyMachine) {
    this.#machine = machine
    this.#builder = machine.parts?.join()
  }

  /** Takes the next value; what is wrong with it as a sentence, or undefined. */
  add(plain: unknown): string | undefined {
    if (this.#ended) return "something stands behind its end"
    if (!Array.isArray(plain)) return "a part is no list"
    this.#count++
    if (this.head === undefined) return this.#begin(plain)
    switch (plain[0]) {
      case "session":
        return this.#addSession(plain) ? undefined : "a session cannot be read"
      case "state":
        return this.#addState(plain[1]) ? undefined : "a part of the state cannot be read"
      case "end":
        this.#ended = true
        return plain[1] === this.#count - 1 ? undefined : "it ends before all of its parts"
      default:
        return "a part is of no known kind"
    }
  }

  #begin(plain: ReadonlyArray<unknown>): string | undefined {
    this.head = readHead(plain)
    if (this.head === undefined) return "it does not begin as a snapshot does"
    this.#sessions = { ...noSessions(this.head.ttlMs), sweptMs: this.head.sweptMs }
    return undefined
  }

  /** The replica, once the last value was taken; undefined before. */
  get replica(): ReplicaState | undefined {
    if (!this.#ended) return undefined
    invariant(this.head !== undefined && this.#sessions !== undefined, "a snapshot that ends has begun")
    if (this.#builder === undefined && !this.#whole.seen) return undefined
    const machine = this.#builder === undefined ? this.#whole.state : this.#builder.state()
    return { machine, sessions: this.#sessions, applied: this.head.slot, atMs: this.head.atMs }
  }

  #addState(plain: unknown): boolean {
    if (this.#builder !== undefined) return this.#builder.add(plain)
    const state = this.#machine.forms.state.decode(plain)
    if (this.#whole.seen || state === misfit) return false
    this.#whole.state = state
    this.#whole.seen = true
    return true
  }

  #addSession(plain: ReadonlyArray<unknown>): boolean {
    const [, id, client, seenMs, received, list] = plain
    if (!Number.isSafeInteger(id) || typeof client !== "string" || !Array.isArray(list)) return false
    if (!Number.isFinite(seenMs) || !Number.isSafeInteger(received)) return false
    const replies: Array<readonly [RequestNumber, RecordedReply]> = []
    for (const item of list) {
      const recorded = Array.isArray(item) ? this.#replyIn(item) : undefined
      if (recorded === undefined) return false
      replies.push(recorded)
    }
    restoreSession(this.#sessions!, {
      id: SessionId(id as number),
      client: ClientId(client),
      seenMs: seenMs as number,
      received: received as number,
      replies
    })
    return true
  }

  #replyIn(item: ReadonlyArray<unknown>): readonly [RequestNumber, RecordedReply] | undefined {
    const [number, slot, outcome, plain] = item
    if (!Number.isSafeInteger(number) || !Number.isSafeInteger(slot)) return undefined
    if (!outcomes.includes(outcome as Outcome)) return undefined
    const reply = outcome === "done" ? this.#machine.forms.reply.decode(plain) : null
    if (reply === misfit) return undefined
    return [
      RequestNumber(number as number),
      { slot: Slot(slot as number), outcome: outcome as Outcome, reply }
    ]
  }
}
