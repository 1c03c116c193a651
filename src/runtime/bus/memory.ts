/** The bus in one process: the delivery and the refusals of NATS, and none of its network. */
import { Effect, Queue, Random, type Scope } from "effect"
import { type BusProblem, HandlerFailed, makeObserver, type ObservedBus, type Observer } from "./observe.ts"
import { BadSubject, type BusShape, BusUnavailable, type Handlers, type Published } from "./port.ts"
import { makeRequests } from "./request.ts"
import { StatusBoard } from "./status.ts"
import { SubjectTable, subjectFault } from "./subjects.ts"

export interface MemoryOptions {
  /** Largest payload taken, in bytes; by default that of a NATS server, 1 MiB. */
  readonly maxPayloadBytes?: number
  /** Called with faults that nobody waits for. By default they are logged as warnings. */
  readonly onProblem?: (problem: BusProblem) => void
}

/** Joins the members of one process. Closing its scope closes them all. */
export interface MemoryExchange {
  /** A new member, with a bus of its own, which closes with the scope. */
  readonly connect: Effect.Effect<ObservedBus, BusUnavailable, Scope.Scope>
}

interface Member {
  readonly status: StatusBoard
  readonly observer: Observer
  /** What ends each of its subscriptions: their scopes may outlive it. */
  readonly endings: Set<() => void>
}

interface Subscription {
  readonly member: Member
  readonly handlers: Handlers
  inForce: boolean
}

interface Exchange {
  readonly maxPayloadBytes: number
  readonly subscriptions: SubjectTable<Subscription>
  readonly members: Set<Member>
  /** What was published and not yet delivered, in the order of publishing. */
  readonly deliveries: Queue.Queue<() => void>
  /** Flushes under way, to be failed if the exchange closes before their turn. */
  readonly flushes: Set<() => void>
  closed: boolean
}

const defaultMaxPayloadBytes = 1024 * 1024
const closedError = () => new BusUnavailable({ reason: "it was closed" })

/**
 * Makes an exchange. Messages are delivered by a fiber of this scope, never in the stack of whoever
 * publishes, and in the order of publishing; who receives a message is settled at the moment it is published.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { makeMemoryExchange } from "./memory.ts"
 *
 * const program = Effect.gen(function* () {
 *   const exchange = yield* makeMemoryExchange()
 *   const [asker, answerer] = [yield* exchange.connect, yield* exchange.connect]
 *   yield* answerer.subscribe("echo", {
 *     onMessage: (payload, _subject, replyTo) => replyTo && answerer.publish(replyTo, payload)
 *   })
 *   return yield* asker.request("echo", new Uint8Array([1, 2, 3]), 1000)
 * }).pipe(Effect.scoped)
 * console.assert((await Effect.runPromise(program)).length === 3)
 * ```
 */
export const makeMemoryExchange = (
  options: MemoryOptions = {}
): Effect.Effect<MemoryExchange, never, Scope.Scope> =>
  Effect.gen(function* () {
    const exchange: Exchange = {
      maxPayloadBytes: options.maxPayloadBytes ?? defaultMaxPayloadBytes,
      subscriptions: new SubjectTable(),
      members: new Set(),
      deliveries: yield* Queue.unbounded<() => void>(),
      flushes: new Set(),
      closed: false
    }
    yield* Effect.addFinalizer(() => Effect.sync(() => closeExchange(exchange)))
    yield* Effect.forkScoped(deliverForever(exchange))
    return { connect: connect(exchange, options) }
  })

/**
 * Yields after each batch: two members that answer each other at once must not keep everybody else from
 * running.
 */
const deliverForever = (exchange: Exchange): Effect.Effect<never> =>
  Effect.forever(
    Effect.map(Queue.takeAll(exchange.deliveries), (batch) => {
      for (const deliver of batch) deliver()
      return batch.length
    })
  )

const closeExchange = (exchange: Exchange): void => {
  exchange.closed = true
  for (const fail of [...exchange.flushes]) fail()
  for (const member of [...exchange.members]) closeMember(exchange, member)
}

const closeMember = (exchange: Exchange, member: Member): void => {
  exchange.members.delete(member)
  for (const end of [...member.endings]) end()
  member.status.set("Closed")
}

const connect = (
  exchange: Exchange,
  options: MemoryOptions
): Effect.Effect<ObservedBus, BusUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    if (exchange.closed) return yield* closedError()
    const observer = yield* makeObserver(options.onProblem)
    const status = new StatusBoard("Connected", (cause) =>
      observer.report(new HandlerFailed({ subject: "a change of status", cause }))
    )
    const member: Member = { status, observer, endings: new Set() }
    yield* Effect.acquireRelease(
      Effect.sync(() => exchange.members.add(member)),
      () => Effect.sync(() => closeMember(exchange, member))
    )
    const transport = portOf(exchange, member)
    const { request } = yield* makeRequests(transport).pipe(Effect.catchTag("BadSubject", Effect.die))
    const another = connect(exchange, options)
    return { ...transport, request, another, counts: () => observer.counts(), backlogBytes: () => 0 }
  })

const portOf = (exchange: Exchange, member: Member): Omit<BusShape, "request"> => ({
  maxPayloadBytes: exchange.maxPayloadBytes,
  publish: (subject, payload, replyTo) => publish(exchange, member, subject, payload, replyTo),
  subscribe: (subject, handlers) => subscribe(exchange, member, subject, handlers),
  newInbox,
  status: () => member.status.current(),
  onStatus: (callback) => member.status.onStatus(callback),
  flush: flush(exchange, member)
})

const publish = (
  exchange: Exchange,
  member: Member,
  subject: string,
  bytes: Uint8Array,
  replyTo: string | undefined
): Published => {
  const { observer } = member
  if (member.status.current() === "Closed") return "closed"
  if (bytes.byteLength > exchange.maxPayloadBytes) return "too-large"
  const fault =
    subjectFault(subject, "publish") ?? (replyTo === undefined ? undefined : subjectFault(replyTo, "publish"))
  if (fault !== undefined) {
    // Nobody can be subscribed to such a subject: the message vanishes as any other that nobody listens for.
    observer.report(new BadSubject({ subject, reason: fault }))
    return "sent"
  }
  observer.published++
  observer.publishedBytes += bytes.byteLength
  const receivers = exchange.subscriptions.match(subject)
  if (receivers.length > 0) {
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    Queue.offerUnsafe(exchange.deliveries, () => {
      for (const { inForce, member: receiver, handlers } of receivers) {
        if (inForce) receiver.observer.deliver(handlers, payload, subject, replyTo)
      }
    })
  } else if (replyTo !== undefined) {
    // As on NATS, only the asker itself is told, on one subscription of its own.
    const own = exchange.subscriptions.match(replyTo).find((subscription) => subscription.member === member)
    if (own !== undefined) {
      Queue.offerUnsafe(exchange.deliveries, () => {
        if (own.inForce) observer.deliverNoResponders(own.handlers, replyTo)
      })
    }
  }
  return "sent"
}

const subscribe = (
  exchange: Exchange,
  member: Member,
  subject: string,
  handlers: Handlers
): Effect.Effect<void, BusUnavailable | BadSubject, Scope.Scope> =>
  Effect.gen(function* () {
    const fault = subjectFault(subject, "subscribe")
    if (fault !== undefined) return yield* new BadSubject({ subject, reason: fault })
    if (member.status.current() === "Closed") return yield* closedError()
    const subscription: Subscription = { member, handlers, inForce: true }
    const end = () => {
      subscription.inForce = false
      member.endings.delete(end)
      exchange.subscriptions.remove(subject, subscription)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        member.endings.add(end)
        exchange.subscriptions.add(subject, subscription)
      }),
      () => Effect.sync(end)
    )
  })

const newInbox: Effect.Effect<string> = Effect.map(
  Effect.all([Random.nextInt, Random.nextInt]),
  ([high, low]) => `_INBOX.${Math.abs(high).toString(36)}${Math.abs(low).toString(36)}`
)

/** Stronger than the port asks for: whatever was published before has been delivered, too. */
const flush = (exchange: Exchange, member: Member): Effect.Effect<void, BusUnavailable> =>
  Effect.callback((resume) => {
    if (member.status.current() === "Closed") return resume(Effect.fail(closedError()))
    const fail = () => resume(Effect.fail(closedError()))
    exchange.flushes.add(fail)
    Queue.offerUnsafe(exchange.deliveries, () => {
      if (exchange.flushes.delete(fail)) resume(Effect.void)
    })
    return Effect.sync(() => exchange.flushes.delete(fail))
  })
