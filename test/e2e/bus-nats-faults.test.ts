/** The bus over NATS when the server is absent, dies, freezes or refuses: losses are said, nothing hangs. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { barrier, type Heard, listen, outcome, text } from "../../src/runtime/bus/conformance-kit.ts"
import { natsBus } from "../../src/runtime/bus/nats.ts"
import type { NatsOptions } from "../../src/runtime/bus/nats-options.ts"
import { type NatsServer, natsServer } from "../support/nats-server.ts"

const connectTo = (server: NatsServer, options: Partial<NatsOptions> = {}) =>
  natsBus({ servers: [server.url], name: "faults", onProblem: () => {}, ...options })

/** Waits for something to become true; the end of the wait ends a hang, and measures nothing. */
const eventually = (what: string, holds: () => boolean) =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.fail(new Error(`never became true: ${what}`)))).pipe(
    Effect.retry({ schedule: Schedule.spaced(20), times: 3000 })
  )

const nowMs = Effect.clockWith((clock) => clock.currentTimeMillis)

describe("a server that dies", () => {
  it.live(
    "publish says disconnected, questions fail at once, and subscriptions come back by themselves",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const [bus, other] = [yield* connectTo(server), yield* connectTo(server)]
        const seen: Array<string> = []
        yield* bus.onStatus((status) => seen.push(status))
        const [exact, wild] = [yield* listen(bus, "news.one"), yield* listen(bus, "news.*")]
        const silent = yield* listen(other, "silent")
        const asking = yield* Effect.forkChild(outcome(bus.request("silent", text("x"), 60_000)))
        yield* silent.next
        yield* server.kill
        assert.strictEqual(yield* Fiber.join(asking), "BusUnavailable")
        yield* eventually("both are disconnected", () => other.status() === "Disconnected")
        assert.strictEqual(bus.publish("news.one", text("lost")), "disconnected")
        assert.strictEqual(bus.counts().dropped, 1)
        assert.strictEqual(yield* outcome(bus.request("any", text("x"), 60_000)), "BusUnavailable")
        assert.strictEqual(yield* outcome(Effect.scoped(listen(bus, "any"))), "BusUnavailable")
        assert.strictEqual(yield* outcome(bus.flush), "BusUnavailable")
        yield* server.start()
        const bothConnected = () => bus.status() === "Connected" && other.status() === "Connected"
        yield* eventually("both are connected again", bothConnected)
        assert.strictEqual(other.publish("news.one", text("found")), "sent")
        for (const ear of [exact, wild]) assert.deepStrictEqual(yield* ear.texts(1), ["found"])
        yield* barrier(other, bus)
        assert.deepStrictEqual([yield* exact.rest, yield* wild.rest], [[], []])
        const answering = yield* Effect.forkChild(bus.request("silent", text("again"), 5000))
        const question: Heard = yield* silent.next
        other.publish(question.replyTo!, text("answer"))
        assert.strictEqual((yield* Fiber.join(answering)).byteLength, 6)
        assert.deepStrictEqual(seen, ["Disconnected", "Connected"])
      })
  )

  it.live("a bus closes quickly while its server is down", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const closesFromMs = yield* Effect.gen(function* () {
        const bus = yield* connectTo(server, { closeTimeoutMs: 60_000 })
        yield* server.kill
        yield* eventually("it is disconnected", () => bus.status() === "Disconnected")
        return yield* nowMs
      }).pipe(Effect.scoped)
      assert.isBelow((yield* nowMs) - closesFromMs, 10_000)
    })
  )

  it.live("a server that is not there at first is waited for, as long as the options say", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* server.kill
      const problems: Array<string> = []
      const onProblem = ({ message }: { readonly message: string }) => problems.push(message)
      const error = yield* Effect.flip(
        Effect.scoped(connectTo(server, { firstConnectTimeoutMs: 500, onProblem }))
      )
      assert.strictEqual(error._tag, "BusUnavailable")
      assert.match(
        error.message,
        /no answer from nats:\/\/127.0.0.1:\d+: connection refused; gave up after 500 ms/
      )
      assert.strictEqual(problems.length, 1)
      const waiting = yield* Effect.forkChild(connectTo(server))
      yield* Effect.sleep(300)
      assert.isUndefined(waiting.pollUnsafe())
      yield* server.start()
      assert.strictEqual((yield* Fiber.join(waiting)).status(), "Connected")
    })
  )
})

describe("a server that freezes", () => {
  it.live("the backlog rises, the silence is noticed, and all is well after the thaw", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const bus = yield* connectTo(server)
      for (let count = 0; count < 100; count++) bus.publish("bulk", new Uint8Array(10_000))
      yield* eventually("the backlog is gone", () => bus.backlogBytes() === 0)
      yield* server.freeze
      for (let count = 0; count < 100; count++) bus.publish("bulk", new Uint8Array(10_000))
      assert.isAtLeast(bus.backlogBytes(), 1_000_000)
      yield* Effect.sleep(200)
      assert.isAtLeast(bus.backlogBytes(), 1_000_000)
      yield* eventually("the silence is noticed", () => bus.status() === "Disconnected")
      assert.strictEqual(bus.backlogBytes(), 0)
      yield* server.thaw
      yield* eventually("it is connected again", () => bus.status() === "Connected")
      yield* barrier(bus, bus)
    })
  )

  it.live("closing does not wait for it beyond the time given", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const closesFromMs = yield* Effect.gen(function* () {
        yield* connectTo(server, { closeTimeoutMs: 300 })
        yield* server.freeze
        return yield* nowMs
      }).pipe(Effect.scoped)
      assert.isBelow((yield* nowMs) - closesFromMs, 1500)
      yield* server.thaw
    })
  )
})

describe("a server that refuses", () => {
  it.live("wrong credentials fail at once with a sentence, right ones pass", () =>
    Effect.gen(function* () {
      const withPassword = yield* natsServer('authorization { user: "ann", password: "secret" }')
      const withToken = yield* natsServer('authorization { token: "open" }')
      const user = (password: string) => ({ _tag: "UserPassword", user: "ann", password }) as const
      for (const [server, options] of [
        [withPassword, {}],
        [withPassword, { credentials: user("guess") }],
        [withToken, { credentials: { _tag: "Token", token: "shut" } }],
        [withToken, { credentials: user("secret") }]
      ] as const) {
        const error = yield* Effect.flip(Effect.scoped(connectTo(server, options)))
        assert.strictEqual(error._tag, "BusRefused")
        assert.match(
          error.message,
          /refused the connection: "Authorization Violation"; check the user and password/
        )
      }
      const [ann, bearer] = [
        yield* connectTo(withPassword, { credentials: user("secret") }),
        yield* connectTo(withToken, { credentials: { _tag: "Token", token: "open" } })
      ]
      assert.deepStrictEqual([ann.status(), bearer.status()], ["Connected", "Connected"])
    })
  )

  it.live("a server without TLS is refused by a client that asks for it", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      for (const options of [{ tls: {} }, { servers: [server.url.replace("nats:", "tls:")] }]) {
        const error = yield* Effect.flip(Effect.scoped(connectTo(server, options)))
        assert.strictEqual(error._tag, "BusRefused")
        assert.match(error.message, /TLS cannot be set up/)
      }
    })
  )

  it.live("a certificate that the client does not trust is refused, and one that it trusts is not", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "aplomb-tls-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true }))
      )
      const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")]
      const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
      const size = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
      execFileSync("openssl", ["req", "-x509", "-keyout", key, "-out", cert, ...size, ...subject], {
        stdio: "pipe"
      })
      const server = yield* natsServer(`tls { cert_file: "${cert}", key_file: "${key}" }`)
      const failures = [{}, { tls: {} }, { tls: { caFile: join(directory, "absent.pem") } }]
      for (const options of failures) {
        const error = yield* Effect.flip(Effect.scoped(connectTo(server, options)))
        assert.strictEqual(error._tag, "BusRefused")
        assert.match(
          error.message,
          /TLS cannot be set up \((self-signed certificate|.*absent.pem doesn't exist)/
        )
      }
      const bus = yield* connectTo(server, { tls: { caFile: cert } })
      const ear = yield* listen(bus, "secret")
      bus.publish("secret", text("whisper"))
      assert.deepStrictEqual(yield* ear.texts(1), ["whisper"])
    })
  )

  it.live("what a user may not do is said: subscribing fails, publishing is reported, asking fails", () =>
    Effect.gen(function* () {
      const server = yield* natsServer(permissions('"_INBOX.>", "open.>"'))
      const problems: Array<string> = []
      const bus = yield* connectTo(server, { ...bob, onProblem: ({ message }) => problems.push(message) })
      const error = yield* Effect.flip(Effect.scoped(listen(bus, "closed.one")))
      assert.strictEqual(error._tag, "BadSubject")
      assert.match(
        error.message,
        /"closed.one" cannot be used: the server does not let this user subscribe to/
      )
      assert.strictEqual(yield* outcome(bus.request("closed.two", text("x"), 60_000)), "BadSubject")
      assert.deepStrictEqual(problems, [
        "the server does not let this user publish to closed.two; grant it in the server's configuration"
      ])
      const ear = yield* listen(bus, "open.one")
      bus.publish("open.one", text("still works"))
      assert.deepStrictEqual(yield* ear.texts(1), ["still works"])
    })
  )

  it.live("a user that may not have the inbox is told at the start", () =>
    Effect.gen(function* () {
      const server = yield* natsServer(permissions('"_INBOX_bob.>"'))
      const error = yield* Effect.flip(Effect.scoped(connectTo(server, bob)))
      assert.strictEqual(error._tag, "BusRefused")
      assert.match(error.message, /of the inbox, .*does not let this user subscribe to _INBOX\./)
      const bus = yield* connectTo(server, { ...bob, inboxPrefix: "_INBOX_bob" })
      assert.match(yield* bus.newInbox, /^_INBOX_bob\./)
    })
  )

  it.live("a subscription withdrawn later, and credentials refused for a while, are reported", () =>
    Effect.gen(function* () {
      const server = yield* natsServer(permissions('"_INBOX.>", "open.>"'))
      const problems: Array<string> = []
      const bus = yield* connectTo(server, { ...bob, onProblem: ({ message }) => problems.push(message) })
      yield* listen(bus, "open.one")
      yield* server.kill
      yield* server.start('authorization { user: "bob", password: "changed" }')
      const told = (pattern: RegExp) => () => problems.some((message) => pattern.test(message))
      yield* eventually("the refusal is reported", told(/Authorization Violation.*check the user/))
      yield* Effect.sleep(500)
      assert.strictEqual(bus.status(), "Disconnected")
      yield* server.kill
      yield* server.start(permissions('"_INBOX.>"'))
      yield* eventually("it is connected again", () => bus.status() === "Connected")
      yield* eventually("the withdrawal is reported", told(/does not let this user subscribe to open.one/))
    })
  )
})

const bob = { credentials: { _tag: "UserPassword", user: "bob", password: "b" } } as const

const permissions = (subscribe: string) => `authorization {
  users: [{ user: "bob", password: "b", permissions: {
    publish: ["_INBOX.>", "open.>"], subscribe: [${subscribe}]
  } }]
}`
