/** The reference to a typed actor of another process, over the bus. */
import { Clock, Effect, Result } from "effect"
import type { Conversion, Definitions, MessageCodec, Protocol } from "./actor-protocol.ts"
import { BadSubject, Bus, type BusShape } from "./bus/port.ts"
import { subjectFault } from "./bus/subjects.ts"
import { AskTimeout, MalformedMessage, NoResponder } from "./errors.ts"
import { observeAsk } from "./metrics.ts"
import {
  type ActorRef,
  type AskError,
  type AskOptions,
  defaultAskTimeoutMs,
  refusalError,
  type TellError
} from "./reference.ts"
import { type ActorAddress, subjectOf } from "./remote-address.ts"
import { packMessage, unpackAnswer } from "./remote-envelope.ts"

interface Remote {
  readonly bus: BusShape
  readonly actor: string
  readonly subject: string
  readonly codecs: ReadonlyMap<string, MessageCodec>
  readonly protocol: string
}

const malformed = (remote: Remote, tag: string, reason: string) =>
  new MalformedMessage({ actor: remote.actor, tag, reason })

const notConnected = (remote: Remote, status: string) =>
  new NoResponder({ actor: remote.actor, reason: `the bus is ${status}` })

/** The codec of the message and its bytes. */
const prepare = (remote: Remote, tag: string, payload: unknown) =>
  Effect.suspend(() => {
    const codec = remote.codecs.get(tag)
    if (codec === undefined) return malformed(remote, tag, `${remote.protocol} has no such message`)
    const encoded = codec.payload.encode(payload)
    if (Result.isFailure(encoded)) return malformed(remote, tag, encoded.failure)
    return Effect.succeed({ codec, bytes: packMessage({ tag, payload: encoded.success }) })
  })

const tooLarge = (remote: Remote, tag: string, sizeBytes: number) =>
  malformed(
    remote,
    tag,
    `its ${sizeBytes} bytes are more than the ${remote.bus.maxPayloadBytes} that the bus takes`
  )

const tell = (remote: Remote, tag: string, payload: unknown) =>
  Effect.flatMap(prepare(remote, tag, payload), ({ bytes }): Effect.Effect<void, TellError> => {
    const published = remote.bus.publish(remote.subject, bytes)
    if (published === "sent") return Effect.void
    return published === "too-large"
      ? tooLarge(remote, tag, bytes.byteLength)
      : notConnected(remote, published)
  })

const ask = (remote: Remote, tag: string, payload: unknown, options?: AskOptions) =>
  Effect.gen(function* () {
    const { codec, bytes } = yield* prepare(remote, tag, payload)
    const { actor } = remote
    const timeoutMs = options?.timeoutMs ?? defaultAskTimeoutMs
    const status = remote.bus.status()
    // Checked first, so that a failure later on means: it may have been sent.
    if (status !== "Connected") return yield* notConnected(remote, status.toLowerCase())
    const beganNanos = yield* Clock.monotonicTimeNanos
    const unknown = (reason: AskTimeout["reason"]) => new AskTimeout({ actor, tag, timeoutMs, reason })
    const answer = yield* remote.bus.request(remote.subject, bytes, timeoutMs).pipe(
      Effect.catchTags({
        RequestTimeout: () => unknown("nothing came in time"),
        BusUnavailable: () => unknown("the connection was lost"),
        NoResponders: () => new NoResponder({ actor, reason: "nobody listens under its address" }),
        PayloadTooLarge: ({ sizeBytes }) => tooLarge(remote, tag, sizeBytes),
        BadSubject: ({ reason }) =>
          new NoResponder({ actor, reason: `its address cannot be used: ${reason}` })
      })
    )
    const tookNanos = (yield* Clock.monotonicTimeNanos) - beganNanos
    observeAsk(actor, Number(tookNanos) / 1e6, yield* Effect.context<never>())
    return yield* open(remote, tag, codec, answer)
  })

const decode = (
  remote: Remote,
  tag: string,
  conversion: Conversion | undefined,
  value: unknown
): Effect.Effect<unknown, MalformedMessage> => {
  const decoded =
    conversion?.decode(value) ?? Result.fail("the answer is of a kind that the protocol does not know")
  return Result.isSuccess(decoded)
    ? Effect.succeed(decoded.success)
    : Effect.fail(malformed(remote, tag, `the answer does not fit: ${decoded.failure}`))
}

const open = (
  remote: Remote,
  tag: string,
  codec: MessageCodec,
  bytes: Uint8Array
): Effect.Effect<unknown, unknown> => {
  const answer = unpackAnswer(bytes)
  switch (answer?._tag) {
    case undefined:
      return Effect.fail(malformed(remote, tag, "the answer is no answer of an actor, or of a later version"))
    case "Reply":
      return decode(remote, tag, codec.reply, answer.value)
    case "Failure":
      return Effect.flatMap(decode(remote, tag, codec.error, answer.error), Effect.fail)
    case "Refused":
      return Effect.fail(refusalError(remote.actor, tag, answer))
  }
}

/**
 * A reference to the actor that some process exposes under this address. Costs no subscription and no
 * connection of its own; whether anybody is there shows with the first question.
 *
 * Delivery is at most once. `tell` succeeds when the message has left this process. `ask` fails with
 * NoResponder at once where nobody listens; AskTimeout means that the outcome is unknown, also where the
 * connection was lost meanwhile.
 *
 * @throws BadSubject where the address is too long for a subject
 *
 * @example
 * ```ts
 * const counter = yield* remote(Counter, { system: "shop", name: "counter" })
 * const total = yield* counter.ask("Read", undefined, { timeoutMs: 500 })
 * ```
 */
export const remote = <D extends Definitions>(
  protocol: Protocol<D>,
  address: ActorAddress
): Effect.Effect<ActorRef<D>, BadSubject, Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const subject = subjectOf(address)
    const fault = subjectFault(subject, "publish")
    if (fault !== undefined) return yield* new BadSubject({ subject, reason: fault })
    const target: Remote = {
      bus,
      subject,
      actor: `${address.system}/${address.name}`,
      codecs: protocol.codecs,
      protocol: protocol.name
    }
    const reference: ActorRef<D> = {
      name: address.name,
      protocol,
      tell: (tag, ...[payload]) => tell(target, tag, payload),
      // The schemas of the protocol vouch for the types: what arrives was decoded by them.
      ask: (tag, ...[payload, options]) =>
        ask(target, tag, payload, options) as Effect.Effect<never, AskError>
    }
    return reference
  })
