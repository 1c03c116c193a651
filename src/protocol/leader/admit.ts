/**
 * What a leader takes from clients while it serves, and while it changes its ballot: gathered, not sent yet.
 */
import { countClientEntries } from "../log/entry.ts"
import type { FromClient, Query, Refusal, Submit } from "../messages.ts"
import type { Pending } from "../replication/window.ts"
import { type Step, stay } from "../step.ts"
import type { LeaderSettings } from "./input.ts"

/** What waits to be sent. */
export interface Gathered {
  readonly pending: ReadonlyArray<Pending>
  readonly pendingBytes: number
  readonly newReads: ReadonlyArray<Query>
}

/** Adds a submission or a question to what waits, or refuses it: then nothing of it was done. */
export const admit = <S extends Gathered>(
  state: S,
  settings: LeaderSettings,
  input: FromClient,
  nowMs: number
): Step<S> => (input._tag === "Submit" ? submit(state, settings, input, nowMs) : ask(state, settings, input))

const submit = <S extends Gathered>(
  state: S,
  settings: LeaderSettings,
  input: Submit,
  nowMs: number
): Step<S> => {
  const { client, submission, bytes } = input
  const refuse = (refusal: Refusal): Step<S> =>
    stay(state, { _tag: "RefuseSubmit", client, submission, refusal })
  const count = countClientEntries(bytes)
  if (count === undefined || count === 0) {
    return refuse({ _tag: "Malformed", reason: "these bytes are no client's entries" })
  }
  if (bytes.length > settings.submissionMaxBytes) {
    const reason = `${bytes.length} bytes are over the limit of ${settings.submissionMaxBytes} bytes`
    return refuse({ _tag: "Malformed", reason })
  }
  if (!hasRoom(state, settings, input, nowMs)) return refuse({ _tag: "Overloaded", retryAfterMs: 20 })
  const pending = [...state.pending, { client, submission, bytes, count, cameAtMs: nowMs }]
  return stay({ ...state, pending, pendingBytes: state.pendingBytes + bytes.length })
}

/**
 * What waits for long is sent again, and each copy would be logged: no more is taken than is done in time.
 * Who is told to come again must be able to get in some time: where nothing waits there is room for one,
 * however large, and late is no reason to refuse a client of which nothing waits.
 */
const hasRoom = (
  { pending, pendingBytes }: Gathered,
  { pendingMaxBytes, pendingMaxMs }: LeaderSettings,
  { client, bytes }: Submit,
  nowMs: number
): boolean => {
  if (pendingBytes > 0 && pendingBytes + bytes.length > pendingMaxBytes) return false
  const [oldest] = pending
  const isLate = oldest !== undefined && nowMs - oldest.cameAtMs > pendingMaxMs
  return !isLate || pending.every((one) => one.client !== client)
}

const ask = <S extends Gathered>(state: S, settings: LeaderSettings, query: Query): Step<S> =>
  state.newReads.length >= settings.questionsMax
    ? stay(state, {
        _tag: "RefuseQuery",
        client: query.client,
        question: query.question,
        refusal: { _tag: "Overloaded", retryAfterMs: 20 }
      })
    : stay({ ...state, newReads: [...state.newReads, query] })
