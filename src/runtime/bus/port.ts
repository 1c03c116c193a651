/** The bus as all above it sees it: bytes to subjects, at most once; NATS, memory, simulation behind it. */
import { Context, Data, Effect, type Scope } from "effect"

/**
 * The bus is not connected, or was closed for good. What was sent meanwhile is lost; retry when `status` says
 * Connected.
 */
export class BusUnavailable extends Data.TaggedError("BusUnavailable")<{ readonly reason: string }> {
  override get message(): string {
    return `the bus is unavailable: ${this.reason}`
  }
}

/** A message is larger than the bus takes. Split it: the limit is `limitBytes`. */
export class PayloadTooLarge extends Data.TaggedError("PayloadTooLarge")<{
  readonly subject: string
  readonly sizeBytes: number
  readonly limitBytes: number
}> {
  override get message(): string {
    const size = `a message of ${this.sizeBytes} bytes to ${this.subject}`
    return `${size} is over the bus limit of ${this.limitBytes} bytes: split it`
  }
}

/** Nobody is subscribed to the subject right now. A sign of a process that is down, not a proof. */
export class NoResponders extends Data.TaggedError("NoResponders")<{ readonly subject: string }> {
  override get message(): string {
    return `nobody listens on ${this.subject}`
  }
}

/** No answer within the time given. Whether the request was handled is not known. */
export class RequestTimeout extends Data.TaggedError("RequestTimeout")<{
  readonly subject: string
  readonly timeoutMs: number
}> {
  override get message(): string {
    return `no answer from ${this.subject} within ${this.timeoutMs} ms`
  }
}

/** A subject that no bus accepts (empty token, space, or a wildcard where none may stand). */
export class BadSubject extends Data.TaggedError("BadSubject")<{
  readonly subject: string
  readonly reason: string
}> {
  override get message(): string {
    return `subject "${this.subject}" cannot be used: ${this.reason}`
  }
}

export type BusStatus = "Connected" | "Disconnected" | "Closed"

/** What a publish came to, as a value: the hot path throws nothing and builds no error. */
export type Published = "sent" | "disconnected" | "closed" | "too-large"

export interface Handlers {
  /**
   * Called synchronously, once for each message, in order of arrival from one sender. It must only hand the
   * message on (to a mailbox): it must neither block nor throw. The bytes may share memory with the adapter's
   * read buffer; they are not changed afterwards, but a small view can keep a large buffer alive: copy what
   * is kept.
   */
  readonly onMessage: (payload: Uint8Array, subject: string, replyTo: string | undefined) => void
  /** Called on a reply subject when a message was published with it to a subject that nobody listens on. */
  readonly onNoResponders?: (replySubject: string) => void
}

/**
 * At most once, unordered between senders, in order from one sender while one connection lives. What is
 * published while disconnected vanishes and says so (`"disconnected"`); above it everything retransmits.
 *
 * Subjects are NATS subjects: tokens separated by dots; in subscriptions `*` stands for one token, a last `>`
 * for the rest.
 */
export interface BusShape {
  readonly maxPayloadBytes: number
  /**
   * Fire and forget, synchronous, never throws. The bytes are read after it returns: never change them again.
   * A subject that no bus accepts is one that nobody listens on: the message vanishes, and is reported.
   */
  readonly publish: (subject: string, payload: Uint8Array, replyTo?: string) => Published
  /**
   * Subscribes until the scope closes. Returns once the subscription is in force: a publish by anyone after
   * it arrives.
   */
  readonly subscribe: (
    subject: string,
    handlers: Handlers
  ) => Effect.Effect<void, BusUnavailable | BadSubject, Scope.Scope>
  /** One question, one answer, correlated on one inbox of this bus. Not for the commit path. */
  readonly request: (
    subject: string,
    payload: Uint8Array,
    timeoutMs: number
  ) => Effect.Effect<
    Uint8Array,
    RequestTimeout | NoResponders | BusUnavailable | PayloadTooLarge | BadSubject
  >
  /** A subject nobody else uses, under which replies can be received: `<prefix>.<random>`. */
  readonly newInbox: Effect.Effect<string>
  readonly status: () => BusStatus
  /** Calls back on each change of status until the scope closes. */
  readonly onStatus: (callback: (status: BusStatus) => void) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Returns when everything published before has left this process (one round trip to the server on NATS).
   */
  readonly flush: Effect.Effect<void, BusUnavailable>
  /**
   * One more connection to the same bus until the scope closes: what is large goes there, and nothing that is
   * urgent waits behind it. Absent where the bus has no such thing.
   */
  readonly another?: Effect.Effect<BusShape, BusUnavailable, Scope.Scope>
}

/** A connection beside this one for what is large, or this one where there is no other. */
export const anotherBus = (bus: BusShape): Effect.Effect<BusShape, BusUnavailable, Scope.Scope> =>
  bus.another ?? Effect.succeed(bus)

/** The bus of this process. */
export class Bus extends Context.Service<Bus, BusShape>()("aplomb/runtime/Bus") {}
