/** The bus over NATS: the only file that knows the client library, whose silences it makes loud. */
import { Effect, Layer, Schedule, type Scope } from "effect"
import {
  type ConnectionOptions,
  connect,
  createInbox,
  credsAuthenticator,
  errors,
  type Msg,
  type NatsConnection,
  type Status
} from "nats"
import { messageOf } from "../message-of.ts"
import { busOverWire, type Receiver, type Wire, type WireEvent } from "./link.ts"
import { BadBusOptions, BusRefused, checkNatsOptions, type NatsOptions, tlsOf } from "./nats-options.ts"
import { makeObserver, type ObservedBus, type Observer, ServerComplained } from "./observe.ts"
import { Bus, BusUnavailable } from "./port.ts"
import { subjectFault } from "./subjects.ts"

const defaultCloseTimeoutMs = 1000
const noRespondersCode = 503

/**
 * Connects to NATS and stays connected until the scope closes: a lost connection is renewed for ever, and
 * subscriptions with it. `status` says Connected again only when they are in force. A server that is not
 * there yet is waited for.
 *
 * @throws BadBusOptions before dialling, BusRefused for wrong credentials, certificates or inbox,
 *   BusUnavailable where no server answered within `firstConnectTimeoutMs`
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { natsBus } from "aplomb/bus/nats"
 *
 * const program = Effect.gen(function* () {
 *   const bus = yield* natsBus({ servers: ["nats://127.0.0.1:4222"], name: "greeter" })
 *   const hello = new TextEncoder().encode("hello")
 *   yield* bus.subscribe("greet", {
 *     onMessage: (_payload, _subject, replyTo) => replyTo && bus.publish(replyTo, hello)
 *   })
 *   return yield* bus.request("greet", new Uint8Array(), 1000)
 * }).pipe(Effect.scoped)
 * ```
 */
export const natsBus = (
  options: NatsOptions
): Effect.Effect<ObservedBus, BusUnavailable | BusRefused | BadBusOptions, Scope.Scope> =>
  Effect.gen(function* () {
    yield* checkNatsOptions(options)
    const settings = yield* connectionOptions(options)
    const observer = yield* makeObserver(options.onProblem)
    const connection = yield* Effect.acquireRelease(
      firstConnection(settings, options, observer),
      // For interruptions before the link, which closes with more care, has taken over.
      (opened) => Effect.sync(() => void opened.close()),
      { interruptible: true }
    )
    const listen = (heed: (event: WireEvent) => void) => {
      watch(connection, heed).catch((cause: unknown) =>
        heed({ type: "problem", problem: new ServerComplained({ reason: messageOf(cause) }) })
      )
    }
    const bus = yield* busOverWire(wireOf(connection), listen, observer, {
      newInbox: () => createInbox(options.inboxPrefix),
      closeTimeoutMs: options.closeTimeoutMs ?? defaultCloseTimeoutMs
    }).pipe(
      inTime(options, () => "the connection was lost before it was of use"),
      Effect.catchTag("BadSubject", (error) =>
        Effect.fail(new BusRefused({ servers: options.servers, reason: `of the inbox, ${error.message}` }))
      )
    )
    return Object.assign(bus, { another: anotherOf(options) })
  })

/** What was refused or misconfigured would have been so the first time; here it is one more lack of a bus. */
const anotherOf = (options: NatsOptions): Effect.Effect<ObservedBus, BusUnavailable, Scope.Scope> =>
  Effect.mapError(
    natsBus({ ...options, name: `${options.name} (bulk)` }),
    ({ message }) => new BusUnavailable({ reason: message })
  )

/** The bus over NATS as a layer: see `natsBus`. */
export const natsBusLayer = (
  options: NatsOptions
): Layer.Layer<Bus, BusUnavailable | BusRefused | BadBusOptions> => Layer.effect(Bus, natsBus(options))

const connectionOptions = (options: NatsOptions): Effect.Effect<ConnectionOptions, BadBusOptions> =>
  Effect.try({
    try: () => {
      const { credentials } = options
      const tls = tlsOf(options)
      const settings: ConnectionOptions = {
        servers: [...options.servers],
        name: options.name,
        timeout: 5000,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        reconnectJitter: 100,
        reconnectJitterTLS: 100,
        pingInterval: 2000,
        maxPingOut: 2,
        noAsyncTraces: true,
        // By default the second refusal in a row closes for good, over an operator's slip of a minute.
        ignoreAuthErrorAbort: true
      }
      if (tls !== undefined) settings.tls = { ...tls }
      if (credentials?._tag === "UserPassword") {
        settings.user = credentials.user
        settings.pass = credentials.password
      } else if (credentials?._tag === "Token") {
        settings.token = credentials.token
      } else if (credentials?._tag === "Creds") {
        const authenticator = credsAuthenticator(new TextEncoder().encode(credentials.content))
        // Throws here what it would otherwise throw at the first challenge.
        authenticator("nonce")
        settings.authenticator = authenticator
      }
      return settings
    },
    catch: (cause) =>
      new BadBusOptions({ option: "credentials", reason: `holds no JWT with its seed: ${messageOf(cause)}` })
  })

/**
 * Tries until a server answers. The library's own waiting cannot be given up, so every attempt is made anew.
 */
const firstConnection = (
  settings: ConnectionOptions,
  options: NatsOptions,
  observer: Observer
): Effect.Effect<NatsConnection, BusUnavailable | BusRefused> => {
  const { servers } = options
  let lastReason = `no answer from ${servers.join(", ")}`
  const attempts = dial(settings, servers).pipe(
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (error._tag !== "BusUnavailable" || error.reason === lastReason) return
        lastReason = error.reason
        observer.report(error)
      })
    ),
    Effect.retry({
      while: (error) => error._tag === "BusUnavailable",
      schedule: Schedule.jittered(Schedule.spaced(200))
    })
  )
  return inTime(options, () => lastReason)(attempts)
}

/** Gives up where the first connection takes longer than the caller would wait. */
const inTime =
  ({ firstConnectTimeoutMs }: NatsOptions, reason: () => string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | BusUnavailable, R> =>
    firstConnectTimeoutMs === undefined
      ? effect
      : Effect.timeoutOrElse(effect, {
          duration: firstConnectTimeoutMs,
          orElse: () => {
            const gaveUp = `${reason()}; gave up after ${firstConnectTimeoutMs} ms`
            return Effect.fail(new BusUnavailable({ reason: gaveUp }))
          }
        })

/** One attempt at every server. What only time can mend is BusUnavailable. */
const dial = (
  settings: ConnectionOptions,
  servers: ReadonlyArray<string>
): Effect.Effect<NatsConnection, BusUnavailable | BusRefused> =>
  Effect.callback((resume, signal) => {
    connect(settings).then(
      (connection) => (signal.aborted ? connection.close() : resume(Effect.succeed(connection))),
      (cause: unknown) => {
        const refusal = refusalOf(cause)
        const reason = `no answer from ${servers.join(", ")}: ${messageOf(cause)}`
        const failure =
          refusal === undefined
            ? new BusUnavailable({ reason })
            : new BusRefused({ servers, reason: refusal })
        resume(Effect.fail(failure))
      }
    )
  })

const codeOf = (cause: unknown): string =>
  cause instanceof Error ? String((cause as NodeJS.ErrnoException).code ?? codeOf(cause.cause)) : ""

/** Why trying again is of no use, or undefined where it may be of use. */
const refusalOf = (cause: unknown): string | undefined => {
  const text = messageOf(cause)
  if (cause instanceof errors.AuthorizationError || cause instanceof errors.UserAuthenticationExpiredError) {
    return `"${text}"; check the user and password, token or creds file of this process`
  }
  if (/CERT|^ERR_(TLS|SSL|OSSL)|^UNABLE_TO/.test(codeOf(cause)) || /'tls'|doesn't exist$/.test(text)) {
    return `TLS cannot be set up (${text}); check the certificates, and whether the server speaks TLS at all`
  }
  return undefined
}

const wireOf = (connection: NatsConnection): Wire => ({
  maxPayloadBytes: () => connection.info?.max_payload,
  publish: (subject, payload, replyTo) =>
    connection.publish(subject, payload, replyTo === undefined ? undefined : { reply: replyTo }),
  subscribe: (subject, receiver) => {
    // Without wildcards the subject is known: no need to decode it from the bytes of each message.
    const fixedSubject = subjectFault(subject, "publish") === undefined ? subject : undefined
    const subscription = connection.subscribe(subject, {
      callback: (error, message) =>
        error === null ? receive(receiver, message, fixedSubject) : receiver.onDenied()
    })
    return () => subscription.unsubscribe()
  },
  ping: (done) => {
    connection.flush().then(
      () => done(true),
      () => done(false)
    )
  },
  close: (done) => {
    connection.close().then(done, done)
  }
})

const receive = (receiver: Receiver, message: Msg, fixedSubject: string | undefined): void => {
  const { data } = message
  const subject = fixedSubject ?? message.subject
  if (data.length === 0 && saysNoResponders(message)) {
    receiver.onNoResponders(subject)
    return
  }
  // A message that spans two reads comes as a plain Uint8Array, all others as a Buffer: hand out one kind.
  const payload = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  receiver.onMessage(payload, subject, message.reply || undefined)
}

const saysNoResponders = (message: Msg): boolean => {
  try {
    return message.headers?.code === noRespondersCode
  } catch {
    // Headers that cannot be read; thrown from here they would stop the library's reader for good.
    return false
  }
}

const watch = async (connection: NatsConnection, heed: (event: WireEvent) => void): Promise<void> => {
  for await (const status of connection.status()) {
    const event = eventOf(status)
    if (event !== undefined) heed(event)
  }
  await connection.closed()
  heed({ type: "closed" })
}

const eventOf = (status: Status): WireEvent | undefined => {
  const complaint = (reason: string): WireEvent => ({
    type: "problem",
    problem: new ServerComplained({ reason })
  })
  if (status.type === "disconnect") return { type: "down" }
  if (status.type === "reconnect") return { type: "up" }
  if (status.type === "close") return { type: "closed" }
  if (status.type === "staleConnection") return complaint("it left pings unanswered; connecting again")
  if (status.type === "ldm") return complaint(`${status.server} is about to shut down`)
  if (status.type !== "error") return undefined
  const { error } = status
  if (!(error instanceof errors.PermissionViolationError)) return complaint(refusalOf(error) ?? error.message)
  // A refused subscription hears of it through its own callback.
  return error.operation === "publish" ? { type: "publishDenied", subject: error.subject } : undefined
}
