/** The reference to a typed actor of this process. */
import { Clock, Deferred, Effect, Result } from "effect"
import type { ActorCell } from "./actor-cell.ts"
import type { ActorHandle } from "./actor-handle.ts"
import type { Answer, Conversion, Definitions, Message, Protocol } from "./actor-protocol.ts"
import { type ActorStopped, AskTimeout, MailboxFull, MalformedMessage } from "./errors.ts"
import {
  type ActorRef,
  type AskError,
  type AskOptions,
  defaultAskTimeoutMs,
  refusalError
} from "./reference.ts"

/** A typed actor of this process: a reference, and the handle to stop or watch it. */
export interface LocalActor<D extends Definitions>
  extends ActorRef<D>,
    Pick<ActorHandle<Message<D>>, "stop" | "terminated" | "onTerminated" | "metrics"> {
  readonly handle: ActorHandle<Message<D>>
  /** Counts what is no message of the protocol, and shows it to the dead letter hook. */
  readonly reportMalformed: (message: unknown) => void
  /** Gives up a message whose sender will not learn of it. */
  readonly discard: (message: Message<D>, reason: "full" | "stopped") => void
}

interface Local<D extends Definitions> {
  readonly definition: Protocol<D>
  readonly cell: ActorCell<Message<D>>
  /** Whether values go through their schemas. */
  readonly serialized: boolean
}

const malformed = <D extends Definitions>(local: Local<D>, tag: string, reason: string) =>
  new MalformedMessage({ actor: local.cell.name, tag, reason })

/** The value as it would arrive over the bus. */
const transfer = <D extends Definitions>(
  local: Local<D>,
  conversion: Conversion | undefined,
  value: unknown
): Result.Result<unknown, string> =>
  local.serialized && conversion !== undefined
    ? Result.flatMap(conversion.encode(value), conversion.decode)
    : Result.succeed(value)

/**
 * The payload of a message to be sent. The tag is of the protocol by its type; untyped code may pass
 * anything.
 */
const payloadOf = <D extends Definitions>(
  local: Local<D>,
  tag: string,
  payload: unknown
): Result.Result<unknown, string> => {
  const codec = local.definition.codecs.get(tag)
  return codec === undefined
    ? Result.fail(`${local.definition.name} has no such message`)
    : transfer(local, codec.payload, payload)
}

const tell = <D extends Definitions>(local: Local<D>, tag: string, payload: unknown) =>
  Effect.suspend((): Effect.Effect<void, MalformedMessage | MailboxFull | ActorStopped> => {
    const arrived = payloadOf(local, tag, payload)
    return Result.isSuccess(arrived)
      ? local.cell.offer({ tag, payload: arrived.success, answer: undefined })
      : malformed(local, tag, arrived.failure)
  })

const ask = <D extends Definitions>(local: Local<D>, tag: string, payload: unknown, options?: AskOptions) =>
  Effect.gen(function* () {
    const timeoutMs = options?.timeoutMs ?? defaultAskTimeoutMs
    const actor = local.cell.name
    const arrived = payloadOf(local, tag, payload)
    if (Result.isFailure(arrived)) return yield* malformed(local, tag, arrived.failure)
    const beganNanos = yield* Clock.monotonicTimeNanos
    const done = Deferred.makeUnsafe<Answer>()
    const question: Message<D> = {
      tag,
      payload: arrived.success,
      answer: (settled) => void Deferred.doneUnsafe(done, Effect.succeed(settled))
    }
    // The yield lets the actor go on: an answer would resume whoever asked in the stack of the actor.
    const answered = Effect.tap(Deferred.await(done), () => Effect.yieldNow)
    const settled = yield* Effect.timeoutOrElse(
      Effect.flatMap(local.cell.offer(question), () => answered),
      {
        duration: timeoutMs,
        orElse: () => new AskTimeout({ actor, tag, timeoutMs, reason: "nothing came in time" })
      }
    )
    const tookNanos = (yield* Clock.monotonicTimeNanos) - beganNanos
    local.cell.metrics.asking.observe(Number(tookNanos) / 1e6)
    return yield* open(local, tag, settled)
  })

const open = <D extends Definitions>(
  local: Local<D>,
  tag: string,
  settled: Answer
): Effect.Effect<unknown, unknown> => {
  const codec = local.definition.codecs.get(tag)
  const misfit = (reason: string) => malformed(local, tag, `the answer does not fit: ${reason}`)
  switch (settled._tag) {
    case "Reply":
      return Effect.mapError(Effect.fromResult(transfer(local, codec?.reply, settled.value)), misfit)
    case "Failure": {
      const error = transfer(local, codec?.error, settled.error)
      return Effect.fail(Result.isSuccess(error) ? error.success : misfit(error.failure))
    }
    case "Refused": {
      const error = refusalError(local.cell.name, tag, settled)
      const { capacity } = local.cell.mailbox
      return Effect.fail(
        error._tag === "MailboxFull" ? new MailboxFull({ actor: local.cell.name, capacity }) : error
      )
    }
  }
}

/** Wraps the cell of a typed actor. */
export const localActor = <D extends Definitions>(
  definition: Protocol<D>,
  cell: ActorCell<Message<D>>,
  serialized: boolean
): LocalActor<D> => {
  const local: Local<D> = { definition, cell, serialized }
  return {
    name: cell.name,
    protocol: definition,
    handle: cell,
    metrics: cell.metrics,
    // Not asked for here: who asks for the end of an actor is to hear of it.
    get terminated() {
      return cell.terminated
    },
    stop: (options) => cell.stop(options),
    onTerminated: (callback) => cell.onTerminated(callback),
    discard: (message, reason) => cell.discard(message, reason),
    reportMalformed: (message) => {
      cell.metrics.countDeadLetter("malformed")
      cell.reportDead(message, "malformed")
    },
    tell: (tag, ...[payload]) => tell(local, tag, payload),
    // The schemas of the protocol vouch for the types: what arrives was decoded by them, or never encoded.
    ask: (tag, ...[payload, options]) => ask(local, tag, payload, options) as Effect.Effect<never, AskError>
  }
}
