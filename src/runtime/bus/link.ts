/** A bus over one connection that comes and goes by itself: it says when it is down and hides no loss. */
import { Effect, Exit, type Scope } from "effect"
import { Backlog } from "./backlog.ts"
import {
  type BusProblem,
  HandlerFailed,
  type ObservedBus,
  type Observer,
  PermissionDenied
} from "./observe.ts"
import { BadSubject, type BusShape, BusUnavailable, type Handlers, type Published } from "./port.ts"
import { makeRequests } from "./request.ts"
import { StatusBoard } from "./status.ts"
import { subjectFault } from "./subjects.ts"

/** What a subscription hears from the wire. */
export interface Receiver {
  readonly onMessage: (payload: Uint8Array, subject: string, replyTo: string | undefined) => void
  readonly onNoResponders: (replySubject: string) => void
  /** The server refused or withdrew the subscription; nothing comes any more. */
  readonly onDenied: () => void
}

export type WireEvent =
  | { readonly type: "down" }
  | { readonly type: "up" }
  | { readonly type: "closed" }
  | { readonly type: "publishDenied"; readonly subject: string }
  | { readonly type: "problem"; readonly problem: BusProblem }

/**
 * A client library in callbacks: what an adapter for a server provides. It reconnects and subscribes again by
 * itself.
 */
export interface Wire {
  /** Largest payload that the server takes now, in bytes; undefined while it is not known. */
  readonly maxPayloadBytes: () => number | undefined
  /**
   * May throw where the connection is closed. The bytes may be read until the next round of the event loop.
   */
  readonly publish: (subject: string, payload: Uint8Array, replyTo: string | undefined) => void
  /** Starts a subscription and returns what ends it. May throw where the connection is closed. */
  readonly subscribe: (subject: string, receiver: Receiver) => () => void
  /**
   * Asks the server for an answer that comes after everything sent before. May never call back once it is
   * down.
   */
  readonly ping: (done: (answered: boolean) => void) => void
  readonly close: (done: () => void) => void
}

export interface LinkOptions {
  /** Draws a subject that nobody else uses. */
  readonly newInbox: () => string
  /** How long closing waits for what was published to leave, in milliseconds. */
  readonly closeTimeoutMs: number
}

interface Link {
  readonly wire: Wire
  readonly observer: Observer
  readonly status: StatusBoard
  readonly backlog: Backlog
  /** Told at a disconnect, because a ping may stay unanswered until the next dial, or for ever. */
  readonly awaitingPong: Set<() => void>
  maxPayloadBytes: number
}

/** Rough cost of a publish beyond payload and subject: verb, length, line ends. */
const overheadBytes = 16
const defaultMaxPayloadBytes = 1024 * 1024

/**
 * Makes a bus of a connected wire. Closing the scope says "closed", waits for what was published to leave,
 * and closes the wire.
 *
 * @param listen called once with where the wire's events are to go
 * @throws BusUnavailable where the wire was closed meanwhile, BadSubject where the inbox is refused
 */
export const busOverWire = (
  wire: Wire,
  listen: (heed: (event: WireEvent) => void) => void,
  observer: Observer,
  options: LinkOptions
): Effect.Effect<ObservedBus, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.gen(function* () {
    const link: Link = {
      wire,
      observer,
      status: new StatusBoard("Connected", (cause) =>
        observer.report(new HandlerFailed({ subject: "a change of status", cause }))
      ),
      backlog: new Backlog(wire.ping),
      awaitingPong: new Set(),
      maxPayloadBytes: wire.maxPayloadBytes() ?? defaultMaxPayloadBytes
    }
    let refuseRequests: (failure: BadSubject) => void = () => {}
    yield* Effect.addFinalizer(() => sayGoodbye(link, options.closeTimeoutMs))
    listen((event) => {
      if (event.type === "down") goDown(link, "Disconnected")
      else if (event.type === "closed") goDown(link, "Closed")
      else if (event.type === "up") comeBack(link)
      else if (event.type === "problem") observer.report(event.problem)
      else {
        const denied = new PermissionDenied({ operation: "publish", subject: event.subject })
        observer.report(denied)
        refuseRequests(new BadSubject({ subject: event.subject, reason: denied.message }))
      }
    })
    const port = portOf(link, options)
    const { request, refuse } = yield* makeRequests(port)
    refuseRequests = refuse
    return Object.assign(port, {
      request,
      counts: () => observer.counts(),
      backlogBytes: () => link.backlog.bytes()
    })
  })

const portOf = (link: Link, options: LinkOptions): Omit<BusShape, "request"> => ({
  get maxPayloadBytes() {
    return link.maxPayloadBytes
  },
  publish: (subject, payload, replyTo) => publish(link, subject, payload, replyTo),
  subscribe: (subject, handlers) => subscribe(link, subject, handlers),
  newInbox: Effect.sync(options.newInbox),
  status: () => link.status.current(),
  onStatus: (callback) => link.status.onStatus(callback),
  flush: roundTrip(link)
})

const goDown = (link: Link, status: "Disconnected" | "Closed"): void => {
  link.status.set(status)
  link.backlog.lost()
  for (const tell of [...link.awaitingPong]) tell()
}

/** Connected is said once the server has answered, hence after it has taken back every subscription. */
const comeBack = (link: Link): void => {
  link.maxPayloadBytes = link.wire.maxPayloadBytes() ?? link.maxPayloadBytes
  link.wire.ping((answered) => {
    if (answered) link.status.set("Connected")
  })
}

const unavailable = (link: Link): BusUnavailable =>
  new BusUnavailable({ reason: link.status.current() === "Closed" ? "it was closed" : "it is disconnected" })

/** Everything sent before it has been taken in by the server. */
const roundTrip = (link: Link): Effect.Effect<void, BusUnavailable> =>
  Effect.callback((resume) => {
    if (link.status.current() !== "Connected") return resume(Effect.fail(unavailable(link)))
    const finish = (answered: boolean) => {
      if (!link.awaitingPong.delete(lost)) return
      resume(answered ? Effect.void : Effect.fail(unavailable(link)))
    }
    const lost = () => finish(false)
    link.awaitingPong.add(lost)
    link.wire.ping(finish)
    return Effect.sync(() => link.awaitingPong.delete(lost))
  })

const publish = (
  link: Link,
  subject: string,
  payload: Uint8Array,
  replyTo: string | undefined
): Published => {
  const { observer } = link
  const status = link.status.current()
  if (status !== "Connected") {
    observer.dropped++
    return status === "Closed" ? "closed" : "disconnected"
  }
  if (payload.byteLength > link.maxPayloadBytes) return "too-large"
  const fault =
    subjectFault(subject, "publish") ?? (replyTo === undefined ? undefined : subjectFault(replyTo, "publish"))
  if (fault !== undefined) {
    // Nobody can be subscribed to such a subject: the message vanishes as any other that nobody listens for.
    observer.report(new BadSubject({ subject, reason: fault }))
    return "sent"
  }
  try {
    link.wire.publish(subject, payload, replyTo)
  } catch {
    // The library knows of a close or a disconnect before its event has reached this link.
    observer.dropped++
    return "disconnected"
  }
  observer.published++
  observer.publishedBytes += payload.byteLength
  link.backlog.add(payload.byteLength + subject.length + (replyTo?.length ?? 0) + overheadBytes)
  return "sent"
}

const subscribe = (
  link: Link,
  subject: string,
  handlers: Handlers
): Effect.Effect<void, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.gen(function* () {
    const fault = subjectFault(subject, "subscribe")
    if (fault !== undefined) return yield* new BadSubject({ subject, reason: fault })
    if (link.status.current() !== "Connected") return yield* unavailable(link)
    const { observer } = link
    const known = { denied: false, inForce: false }
    const denied = new PermissionDenied({ operation: "subscribe", subject })
    const receiver: Receiver = {
      onMessage: (payload, from, replyTo) => observer.deliver(handlers, payload, from, replyTo),
      onNoResponders: (replySubject) => observer.deliverNoResponders(handlers, replySubject),
      onDenied: () => {
        known.denied = true
        if (known.inForce) observer.report(denied)
      }
    }
    const end = yield* Effect.acquireRelease(
      Effect.try({ try: () => link.wire.subscribe(subject, receiver), catch: () => unavailable(link) }),
      (unsubscribe) => Effect.sync(unsubscribe)
    )
    yield* roundTrip(link).pipe(Effect.onExit((exit) => Effect.sync(Exit.isSuccess(exit) ? () => {} : end)))
    if (known.denied) return yield* new BadSubject({ subject, reason: denied.message })
    known.inForce = true
  })

/** A server that does not answer must not hold up the end of the process: both steps have a deadline. */
const sayGoodbye = (link: Link, timeoutMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const wasConnected = link.status.current() === "Connected"
    goDown(link, "Closed")
    const flushed = Effect.callback<void>((resume) => link.wire.ping(() => resume(Effect.void)))
    const closed = Effect.callback<void>((resume) => link.wire.close(() => resume(Effect.void)))
    if (wasConnected) yield* Effect.timeoutOption(Effect.interruptible(flushed), timeoutMs)
    yield* Effect.timeoutOption(Effect.interruptible(closed), timeoutMs)
  })
