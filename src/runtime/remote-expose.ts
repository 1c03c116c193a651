/** Lets actors of other processes reach an actor of this one, under an address on the bus. */
import { Effect, Result, type Scope } from "effect"
import type { LocalActor } from "./actor-local.ts"
import type { Answer, Conversion, Definitions, MessageCodec } from "./actor-protocol.ts"
import { type BadSubject, Bus, type BusShape, type BusUnavailable } from "./bus/port.ts"
import { subscribed } from "./bus/subscribed.ts"
import { type ActorAddress, subjectOf } from "./remote-address.ts"
import { packAnswer, type RemoteAnswer, unpackMessage } from "./remote-envelope.ts"

const refusedAnswer = (reason: "full" | "stopped" | "malformed", detail: string): RemoteAnswer => ({
  _tag: "Refused",
  reason,
  detail
})

const encoded = (
  conversion: Conversion | undefined,
  value: unknown,
  wrap: (encoded: unknown) => RemoteAnswer
): RemoteAnswer => {
  // A message that is no question has no answer, yet whoever asks by hand learns that it was handled.
  if (conversion === undefined) return wrap(null)
  const result = conversion.encode(value)
  return Result.isSuccess(result)
    ? wrap(result.success)
    : refusedAnswer("malformed", `the answer does not fit: ${result.failure}`)
}

const encodeAnswer = (codec: MessageCodec, answer: Answer): RemoteAnswer => {
  switch (answer._tag) {
    case "Reply":
      return encoded(codec.reply, answer.value, (value) => ({ _tag: "Reply", value }))
    case "Failure":
      return encoded(codec.error, answer.error, (error) => ({ _tag: "Failure", error }))
    case "Refused":
      return answer
  }
}

const send = (bus: BusShape, replyTo: string, answer: RemoteAnswer): void => {
  const published = bus.publish(replyTo, packAnswer(answer))
  if (published !== "too-large") return
  const detail = `the answer is larger than the ${bus.maxPayloadBytes} bytes that the bus takes`
  bus.publish(replyTo, packAnswer(refusedAnswer("malformed", detail)))
}

/** Hands one message from the bus to the actor. Runs in a callback of the bus: neither blocks nor throws. */
const receive = <D extends Definitions>(
  actor: LocalActor<D>,
  bus: BusShape,
  payload: Uint8Array,
  replyTo: string | undefined
): void => {
  const respond = (answer: RemoteAnswer) => {
    if (replyTo !== undefined) send(bus, replyTo, answer)
  }
  const refuse = (detail: string) => {
    // A copy: the bytes may be a small view of a large buffer, and hooks keep dead letters. Not by `slice`,
    // which copies nothing of a Buffer.
    actor.reportMalformed(Uint8Array.from(payload))
    respond(refusedAnswer("malformed", detail))
  }
  const message = unpackMessage(payload)
  if (message === undefined) return refuse("the bytes are no message to an actor, or of a later version")
  const codec = actor.protocol.codecs.get(message.tag)
  if (codec === undefined) return refuse(`${actor.protocol.name} has no such message`)
  const decoded = codec.payload.decode(message.payload)
  if (Result.isFailure(decoded)) return refuse(decoded.failure)
  let answered = false
  const answer = (settled: Answer) => {
    if (answered) return
    answered = true
    respond(encodeAnswer(codec, settled))
  }
  const question = {
    tag: message.tag,
    payload: decoded.success,
    answer: replyTo === undefined ? undefined : answer
  }
  const discardedBefore = actor.handle.mailbox.discarded
  if (actor.handle.offerUnsafe(question)) return
  // Under `drop` the mailbox has given it up, and told whoever asked, already.
  if (actor.handle.mailbox.discarded !== discardedBefore) return
  actor.discard(question, actor.handle.mailbox.closed ? "stopped" : "full")
}

/**
 * Exposes an actor on the bus until the scope closes. Returns once it can be reached: where the bus is
 * disconnected just now, when it is back.
 *
 * Bytes that are no message of the protocol are counted and shown to the dead letter hook, and never reach
 * the actor. A mailbox never makes the bus wait: where it is full, a question fails with MailboxFull at the
 * sender (under `suspend` too), a plain message becomes a dead letter here. One process should expose an
 * address: two would both receive everything.
 *
 * @throws BusUnavailable where the bus was closed for good, BadSubject where the address is too long for a
 *   subject
 *
 * @example
 * ```ts
 * yield* expose(counter, { system: "shop", name: "counter" })
 * ```
 */
export const expose = <D extends Definitions>(
  actor: LocalActor<D>,
  address: ActorAddress
): Effect.Effect<void, BusUnavailable | BadSubject, Bus | Scope.Scope> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    yield* subscribed(bus, subjectOf(address), {
      onMessage: (payload, _subject, replyTo) => receive(actor, bus, payload, replyTo)
    })
  })
