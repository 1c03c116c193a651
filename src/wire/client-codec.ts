/** What clients and leaders say to each other, as positional arrays. */
import type { Ballot, ClientId, NodeId, Replica, RequestNumber, SessionId, Slot } from "../protocol/ids.ts"
import type {
  Counted,
  FromClient,
  LocalQuery,
  Outcome,
  Query,
  Refusal,
  SessionOpened,
  Synced
} from "../protocol/messages.ts"
import type { Fields } from "./fields.ts"
import { replicasOut } from "./protocol-codec.ts"

/** Results of one session. Flat, four values each: there are hundreds of thousands a second. */
export interface Results {
  readonly _tag: "Results"
  readonly session: SessionId
  /** number, slot, outcome, reply; number, slot, outcome, reply; ... */
  readonly flat: ReadonlyArray<unknown>
}

export interface Opened extends SessionOpened {
  readonly _tag: "Opened"
}

/** Nothing of a submission was done. */
export interface SubmitRefused {
  readonly _tag: "SubmitRefused"
  readonly submission: number
  readonly refusal: Refusal
}

/** The leader that had a submission in flight is none any more: ask the next one. */
export interface SubmitUnsettled {
  readonly _tag: "SubmitUnsettled"
  readonly submission: number
}

export interface QueryRefused {
  readonly _tag: "QueryRefused"
  readonly question: number
  readonly refusal: Refusal
}

/** Answers to questions, as number, [answer]; number, [answer]; ... from a state that had applied `slot`. */
export interface Answered {
  readonly _tag: "Answered"
  readonly slot: Slot
  readonly flat: ReadonlyArray<unknown>
}

/** A node leads a group from now on. */
export interface Leading {
  readonly _tag: "Leading"
  readonly ballot: Ballot
  readonly leader: NodeId
  /** It led before and has kept what was under way; otherwise that is to be sent again. */
  readonly keeps: boolean
}

/**
 * What a command will come to once these acceptors have synced `slot` in `ballot`; the one of the sender has.
 */
export interface Foretold {
  readonly _tag: "Foretold"
  readonly ballot: Ballot
  readonly slot: Slot
  /** The other acceptors. */
  readonly waitsFor: ReadonlyArray<Replica>
  readonly session: SessionId
  /** As in Results. */
  readonly flat: ReadonlyArray<unknown>
}

export type ToClient =
  | Results
  | Opened
  | SubmitRefused
  | SubmitUnsettled
  | QueryRefused
  | Answered
  | Leading
  | Synced
  | Foretold

export const clientKinds = {
  Submit: 20,
  Query: 21,
  Results: 22,
  Opened: 23,
  SubmitRefused: 24,
  SubmitUnsettled: 25,
  QueryRefused: 26,
  Answered: 27,
  Leading: 31,
  LocalQuery: 37,
  Synced: 70,
  Foretold: 71
} as const

export const outcomes: ReadonlyArray<Outcome> = ["done", "session-expired", "window-exceeded", "bad-command"]

/**
 * What stands at an answer's place: the answer in an array of its own; or, where the machine could not read
 * the question, or the answer fits no message, that.
 */
export type AnswerCell = readonly [unknown] | "bad-question" | null

const refusalOut = (refusal: Refusal): ReadonlyArray<unknown> => {
  switch (refusal._tag) {
    case "NotLeader":
      return [refusal._tag, refusal.leader ?? null]
    case "Overloaded":
      return [refusal._tag, refusal.retryAfterMs]
    case "Malformed":
      return [refusal._tag, refusal.reason]
    case "Behind":
      return [refusal._tag, refusal.applied]
  }
}

const refusalIn = (fields: Fields): Refusal | undefined => {
  const _tag = fields.text()
  if (_tag === "NotLeader") {
    const leader = fields.any()
    return { _tag, leader: typeof leader === "string" ? leader : undefined }
  }
  if (_tag === "Overloaded") return { _tag, retryAfterMs: fields.count() }
  if (_tag === "Behind") return { _tag, applied: fields.slot() }
  return _tag === "Malformed" ? { _tag, reason: fields.text() } : undefined
}

export const clientOut = (message: FromClient | LocalQuery | ToClient): ReadonlyArray<unknown> => {
  switch (message._tag) {
    case "Submit":
      return [message.client, message.submission, message.bytes, ...countedOut(message.counted)]
    case "Query":
      return [message.client, message.question, message.queries, ...countedOut(message.counted)]
    case "LocalQuery":
      return [message.client, message.question, message.queries, message.atLeast]
    case "Results":
      return [message.session, message.flat]
    case "Opened":
      return [message.client, message.session]
    case "SubmitRefused":
      return [message.submission, ...refusalOut(message.refusal)]
    case "SubmitUnsettled":
      return [message.submission]
    case "QueryRefused":
      return [message.question, ...refusalOut(message.refusal)]
    case "Answered":
      return [message.slot, message.flat]
    case "Leading":
      return [message.ballot, message.leader, message.keeps]
    case "Synced":
      return [message.ballot, message.slot]
    case "Foretold": {
      const { ballot, slot, waitsFor, session, flat } = message
      return [ballot, slot, replicasOut(waitsFor), session, flat]
    }
  }
}

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const clientIn = (kind: number, fields: Fields): FromClient | LocalQuery | ToClient | undefined => {
  switch (kind) {
    case clientKinds.Submit: {
      const client = fields.client()
      const submission = fields.count()
      return { _tag: "Submit", client, submission, bytes: fields.bytes(), ...countedIn(fields) }
    }
    case clientKinds.Query: {
      const query = queryIn(fields)
      return query && { ...query, ...countedIn(fields) }
    }
    case clientKinds.LocalQuery: {
      const query = queryIn(fields)
      return query && { ...query, _tag: "LocalQuery", atLeast: fields.slot() }
    }
    case clientKinds.Results: {
      const session = fields.session()
      const flat = flatIn(fields, 4)
      return flat && { _tag: "Results", session, flat }
    }
    case clientKinds.Opened:
      return { _tag: "Opened", client: fields.client(), session: fields.session() }
    case clientKinds.SubmitRefused: {
      const submission = fields.count()
      const refusal = refusalIn(fields)
      return refusal && { _tag: "SubmitRefused", submission, refusal }
    }
    case clientKinds.SubmitUnsettled:
      return { _tag: "SubmitUnsettled", submission: fields.count() }
    case clientKinds.QueryRefused: {
      const question = fields.count()
      const refusal = refusalIn(fields)
      return refusal && { _tag: "QueryRefused", question, refusal }
    }
    case clientKinds.Answered: {
      const slot = fields.slot()
      const flat = flatIn(fields, 2)
      return flat && { _tag: "Answered", slot, flat }
    }
    case clientKinds.Leading:
      return {
        _tag: "Leading",
        ballot: fields.ballot(),
        leader: fields.node(),
        keeps: fields.any() === true
      }
    case clientKinds.Synced:
      return { _tag: "Synced", ballot: fields.ballot(), slot: fields.slot() }
    case clientKinds.Foretold:
      return foretoldIn(fields)
    default:
      return undefined
  }
}

/** Two fields more, where there is something to say. */
const countedOut = (counted: Counted | undefined): ReadonlyArray<unknown> =>
  counted === undefined ? [] : [counted.ballot, counted.slot]

const countedIn = (fields: Fields): { readonly counted?: Counted } =>
  fields.left > 0 ? { counted: { ballot: fields.ballot(), slot: fields.slot() } } : {}

const foretoldIn = (fields: Fields): Foretold | undefined => {
  const ballot = fields.ballot()
  const slot = fields.slot()
  const waitsFor = fields.list((item) => item.replica())
  const session = fields.session()
  const flat = flatIn(fields, 4)
  return flat && { _tag: "Foretold", ballot, slot, waitsFor, session, flat }
}

const flatIn = (fields: Fields, width: number): ReadonlyArray<unknown> | undefined => {
  const flat = fields.any()
  return Array.isArray(flat) && flat.length % width === 0 ? flat : undefined
}

const queryIn = (fields: Fields): Query | undefined => {
  const client: ClientId = fields.client()
  const question = fields.count()
  const queries = fields.any()
  if (!Array.isArray(queries) || !queries.every((query) => query instanceof Uint8Array)) return undefined
  return { _tag: "Query", client, question, queries }
}

/** One result of a Results message, at its place in `flat`. */
export const resultAt = (flat: ReadonlyArray<unknown>, index: number) => ({
  number: flat[index] as RequestNumber,
  slot: flat[index + 1] as Slot,
  outcome: outcomes[flat[index + 2] as number],
  reply: flat[index + 3]
})
