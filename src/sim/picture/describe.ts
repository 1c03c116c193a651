/** What a message on the bus says, in the few words that a picture has room for. */

import type { Run } from "../../protocol/log/run.ts"
import { runLast } from "../../protocol/log/run.ts"
import { unpackAnswer, unpackMessage } from "../../runtime/remote-envelope.ts"
import type { Body, PacketCodec } from "../../wire/packet.ts"
import type { TraceFields } from "../trace/trace.ts"

const slotsOf = (runs: ReadonlyArray<Run>): TraceFields => {
  const [first] = runs
  const last = runs.at(-1)
  return first === undefined || last === undefined ? {} : { slots: `${first.first}..${runLast(last)}` }
}

const factsOf = (body: Body): TraceFields => {
  switch (body._tag) {
    case "Prepare":
      return { ballot: body.configuration.ballot, prev: body.prev.ballot }
    case "Prepared":
      return { ballot: body.ballot, last: body.lastSlot, ...slotsOf(body.runs) }
    case "Accept": {
      const { configuration, prevSlot, chosen, runs } = body
      return { ballot: configuration.ballot, after: prevSlot, ...slotsOf(runs), chosen }
    }
    case "Accepted":
      return { ballot: body.ballot, through: body.lastSlot, round: body.round }
    case "Gap":
      return { ballot: body.ballot, hint: body.hintSlot }
    case "Nack":
      return { ballot: body.ballot, promised: body.promised }
    case "MasterAsk":
      return { request: body.request._tag }
    case "MasterAnswer":
      return { reply: body.reply._tag }
    default:
      return {}
  }
}

const valueMaxUnits = 80

const shown = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, valueMaxUnits)

/** What is sent to a remote actor, and what it answers. */
const actorFacts = (payload: Uint8Array): TraceFields => {
  const message = unpackMessage(payload)
  if (message !== undefined) {
    const { tag, payload: content } = message
    return content === undefined || content === null ? { what: tag } : { what: tag, payload: shown(content) }
  }
  const answer = unpackAnswer(payload)
  switch (answer?._tag) {
    case undefined:
      return {}
    case "Reply":
      return { what: "Reply", value: shown(answer.value) }
    case "Failure":
      return { what: "Failure", error: shown(answer.error) }
    case "Refused":
      return { what: "Refused", reason: answer.reason }
  }
}

/**
 * Facts about a payload for the trace: what it is, and its ballot and slots where it is a packet of this
 * cluster, or its content where it is a message to an actor. None of what is neither.
 */
export const describePacket =
  (codec: PacketCodec) =>
  (payload: Uint8Array): TraceFields => {
    const packet = codec.decode(payload)
    return typeof packet === "string"
      ? actorFacts(payload)
      : { what: packet.body._tag, ...factsOf(packet.body) }
  }
