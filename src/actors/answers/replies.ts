/** Replies to clients in as few messages as the bus takes. */
import type { GroupId, SessionId, Slot } from "../../protocol/ids.ts"
import type { LocalQuery, Query, Refusal } from "../../protocol/messages.ts"
import type { Published } from "../../runtime/bus/port.ts"
import type { AnswerCell } from "../../wire/client-codec.ts"
import type { NodeContext } from "../node/context.ts"

/** Stands for a reply or an answer that no message can carry; a command was applied all the same. */
const unsendable = null

/** Sends results, four values each. */
export const sendResults = (
  context: NodeContext,
  group: GroupId,
  session: SessionId,
  flat: ReadonlyArray<unknown>
): void =>
  sendHalving(flat, 4, (part) => context.toSession(session, group, { _tag: "Results", session, flat: part }))

/**
 * Answers questions: those of one client in one message. `isValid` is asked when an answer was computed,
 * which may have taken any time; what is not valid then is not sent, and comes back.
 */
export const sendAnswers = <Q extends Query | LocalQuery>(
  context: NodeContext,
  group: GroupId,
  slot: Slot,
  queries: ReadonlyArray<Q>,
  ask: (question: Uint8Array) => AnswerCell,
  isValid: () => boolean
): ReadonlyArray<Q> => {
  const late: Array<Q> = []
  for (const query of queries) {
    const { client, question, queries: asked } = query
    const flat = asked.flatMap((bytes, index) => [question + index, ask(bytes)])
    if (isValid()) {
      sendHalving(flat, 2, (part) => context.toClient(client, group, { _tag: "Answered", slot, flat: part }))
    } else late.push(query)
  }
  return late
}

/** Tells a client that nothing was done about its questions. */
export const refuseQuery = (
  context: NodeContext,
  group: GroupId,
  { client, question }: Query | LocalQuery,
  refusal: Refusal
): void => {
  context.toClient(client, group, { _tag: "QueryRefused", question, refusal })
}

/**
 * What is too large for one message goes in halves; the value of a single item that still is too large is
 * left out.
 */
const sendHalving = (
  flat: ReadonlyArray<unknown>,
  width: number,
  send: (part: ReadonlyArray<unknown>) => Published
): void => {
  if (send(flat) !== "too-large") return
  const items = flat.length / width
  if (items === 1) {
    send([...flat.slice(0, width - 1), unsendable])
    return
  }
  const middle = Math.floor(items / 2) * width
  sendHalving(flat.slice(0, middle), width, send)
  sendHalving(flat.slice(middle), width, send)
}
