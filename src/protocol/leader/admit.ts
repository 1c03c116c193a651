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
export const admit = <S extends Gathered>(state: S, settings: LeaderSettings, input: FromClient): Step<S> =>
  input._tag === "Submit" ? submit(state, settings, input) : ask(state, settings, input)

const submit = <S extends Gathered>(state: S, settings: LeaderSettings, input: Submit): Step<S> => {
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
  // Where nothing waits there is room for one: who is told to come again must be able to get in some time.
  if (state.pendingBytes > 0 && state.pendingBytes + bytes.length > settings.pendingMaxBytes) {
    return refuse({ _tag: "Overloaded", retryAfterMs: 20 })
  }
  const pending = [...state.pending, { client, submission, bytes, count }]
  return stay({ ...state, pending, pendingBytes: state.pendingBytes + bytes.length })
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
