/** Typed actors over the bus: the same reference, and every failure as a typed error. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Metric, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { protocol } from "./actor-protocol.ts"
import { spawn } from "./actor-typed.ts"
import { makeMemoryExchange } from "./bus/memory.ts"
import { Bus, type BusShape, BusUnavailable } from "./bus/port.ts"
import { pack } from "./codec.ts"
import { DeadLetters } from "./dead-letters.ts"
import type { MailboxPolicy } from "./mailbox.ts"
import { askedMax } from "./metrics.ts"
import { remote } from "./remote.ts"
import { subjectOf } from "./remote-address.ts"
import { expose } from "./remote-expose.ts"
import { crash } from "./supervisor.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { why: Schema.String }) {}

const Echo = protocol("Echo", {
  Say: { payload: { text: Schema.String, at: Schema.DateTimeUtcFromMillis }, reply: Schema.String },
  Bytes: { payload: { bytes: Schema.Uint8Array }, reply: Schema.Uint8Array },
  Fail: { reply: Schema.Void, error: Refused },
  Hang: { reply: Schema.Void },
  Explode: { reply: Schema.Void },
  Big: { payload: { size: Schema.Int }, reply: Schema.String },
  Note: { payload: { text: Schema.String } },
  Notes: { reply: Schema.Array(Schema.String) }
})
const address = { system: "test", name: "an echo of *all* > things" }
const settle = Effect.forEach(Array.from({ length: 30 }), () => Effect.yieldNow, { discard: true })

/** Two processes on one exchange: one exposes an echo actor, the other holds a reference. */
const make = (capacity = 16, policy: MailboxPolicy = "fail") =>
  Effect.gen(function* () {
    const exchange = yield* makeMemoryExchange({ maxPayloadBytes: 10_000 })
    const [here, there] = [yield* exchange.connect, yield* exchange.connect]
    const actor = yield* spawn(Echo, {
      name: "echo",
      mailbox: { capacity, policy },
      supervision: crash,
      drainMs: 0,
      state: (): Array<string> => [],
      handlers: {
        Say: ({ text }) => text,
        Bytes: ({ bytes }) => bytes,
        Fail: () => new Refused({ why: "no" }),
        Hang: () => Effect.never,
        Explode: () => Effect.die("boom"),
        Big: ({ size }) => "x".repeat(size),
        Note: ({ text }, { state }) => void state.push(text),
        Notes: (_, { state }) => state
      }
    })
    yield* expose(actor, address).pipe(Effect.provideService(Bus, there))
    const echo = yield* remote(Echo, address).pipe(Effect.provideService(Bus, here))
    return { actor, echo, here, there, exchange }
  })

describe("a remote reference", () => {
  it.effect("tells and asks like a local one, with typed payloads, replies and errors", () =>
    Effect.gen(function* () {
      const { echo } = yield* make()
      yield* echo.tell("Note", { text: "first" })
      yield* echo.tell("Note", { text: "second" })
      assert.deepStrictEqual(yield* echo.ask("Notes"), ["first", "second"])
      const bytes = new Uint8Array([0, 255, 7])
      assert.deepStrictEqual(yield* echo.ask("Bytes", { bytes }), bytes)
      const error = yield* Effect.flip(echo.ask("Fail"))
      assert.isTrue(error instanceof Refused && error.why === "no")
    })
  )

  it.effect("fails with NoResponder at once where nobody is exposed", () =>
    Effect.gen(function* () {
      const { here } = yield* make()
      const nobody = yield* remote(Echo, { system: "test", name: "nobody" }).pipe(
        Effect.provideService(Bus, here)
      )
      assert.strictEqual((yield* Effect.flip(nobody.ask("Notes")))._tag, "NoResponder")
    })
  )

  it.effect("no longer reaches an actor whose exposure ended", () =>
    Effect.gen(function* () {
      const { actor, here, there } = yield* make()
      const scope = yield* Scope.make()
      const other = { system: "test", name: "other" }
      yield* expose(actor, other).pipe(Effect.provideService(Bus, there), Scope.provide(scope))
      const echo = yield* remote(Echo, other).pipe(Effect.provideService(Bus, here))
      assert.deepStrictEqual(yield* echo.ask("Notes"), [])
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Effect.flip(echo.ask("Notes")))._tag, "NoResponder")
    })
  )

  it.effect("fails with AskTimeout where no answer comes, and with MailboxFull behind a full mailbox", () =>
    Effect.gen(function* () {
      const { echo, actor } = yield* make(1)
      const hanging = yield* Effect.forkChild(Effect.flip(echo.ask("Hang", undefined, { timeoutMs: 100 })))
      yield* settle
      yield* echo.tell("Note", { text: "waits" })
      yield* settle
      assert.strictEqual((yield* Effect.flip(echo.ask("Notes")))._tag, "MailboxFull")
      yield* echo.tell("Note", { text: "lost" })
      yield* settle
      assert.strictEqual(actor.metrics.deadLetters.get("full"), 2)
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(hanging))._tag, "AskTimeout")
    })
  )

  it.effect("learns of MailboxFull where the mailbox drops, and the message is one dead letter", () =>
    Effect.gen(function* () {
      const { echo, actor } = yield* make(0, "drop")
      assert.strictEqual((yield* Effect.flip(echo.ask("Notes")))._tag, "MailboxFull")
      assert.strictEqual(actor.metrics.deadLetters.get("full"), 1)
    })
  )

  it.effect("fails with ActorStopped, and with ActorCrashed, as the actor did", () =>
    Effect.gen(function* () {
      const { echo, actor } = yield* make()
      const crashed = yield* Effect.forkChild(actor.terminated, { startImmediately: true })
      assert.strictEqual((yield* Effect.flip(echo.ask("Explode")))._tag, "ActorCrashed")
      assert.strictEqual((yield* Fiber.join(crashed))._tag, "Escalated")
      assert.strictEqual((yield* actor.terminated)._tag, "Escalated")
      assert.strictEqual((yield* Effect.flip(echo.ask("Notes")))._tag, "ActorStopped")
    }).pipe(Effect.provide(Logger.layer([])))
  )

  it.effect("fails with MalformedMessage where payload or answer is too large or does not fit", () =>
    Effect.gen(function* () {
      const { echo } = yield* make()
      const large = { text: "x".repeat(20_000) }
      assert.strictEqual((yield* Effect.flip(echo.tell("Note", large)))._tag, "MalformedMessage")
      const error = yield* Effect.flip(echo.ask("Big", { size: 20_000 }))
      assert.include(error.message, "larger than the 10000 bytes")
      const wrong = { size: "three" } as never
      assert.strictEqual((yield* Effect.flip(echo.ask("Big", wrong)))._tag, "MalformedMessage")
    })
  )

  it.effect("speaks of an unknown outcome where the connection is lost while it waits", () =>
    Effect.gen(function* () {
      const { exchange, there } = yield* make()
      const scope = yield* Scope.make()
      const mine = yield* exchange.connect.pipe(Scope.provide(scope))
      const echo = yield* remote(Echo, address).pipe(Effect.provideService(Bus, mine))
      const hanging = yield* Effect.forkChild(Effect.flip(echo.ask("Hang")))
      yield* settle
      yield* Scope.close(scope, Exit.void)
      const error = yield* Fiber.join(hanging)
      assert.isTrue(error._tag === "AskTimeout" && error.reason === "the connection was lost")
      assert.strictEqual((yield* Effect.flip(echo.ask("Notes")))._tag, "NoResponder")
      assert.strictEqual((yield* Effect.flip(echo.tell("Note", { text: "x" })))._tag, "NoResponder")
      assert.strictEqual(there.status(), "Connected")
    })
  )
})

describe("an exposed actor", () => {
  it.effect("counts junk as dead letters, tells whoever asked, and lives on", () => {
    const letters: Array<unknown> = []
    return Effect.gen(function* () {
      const { actor, echo, here } = yield* make()
      const subject = subjectOf(address)
      const junk = [
        new Uint8Array(),
        new Uint8Array([0xc1, 0xff, 0xdd]),
        pack("text"),
        pack([2, "Note", { text: "later version" }]),
        pack([1, "Unknown", null]),
        pack([1, "Note", { text: 7 }]),
        pack([1, "__proto__", {}]),
        pack([1, 5, {}])
      ]
      for (const bytes of junk) here.publish(subject, bytes)
      yield* settle
      assert.strictEqual(actor.metrics.deadLetters.get("malformed"), junk.length)
      assert.strictEqual(letters.length, junk.length)
      const answer = yield* here.request(subject, pack([1, "Unknown", null]), 1000)
      assert.isAbove(answer.byteLength, 0)
      assert.deepStrictEqual(yield* echo.ask("Notes"), [])
      assert.strictEqual(actor.metrics.failures, 0)
    }).pipe(Effect.provideService(DeadLetters, (letter) => void letters.push(letter.message)))
  })

  it.effect(
    "shows the hook of dead letters a copy of what came, which keeps no buffer of the bus alive",
    () => {
      const letters: Array<unknown> = []
      return Effect.gen(function* () {
        const { here } = yield* make()
        const buffer = Buffer.alloc(64 * 1024)
        here.publish(subjectOf(address), buffer.subarray(100, 103))
        yield* settle
        const [letter] = letters
        assert.deepStrictEqual(letter, new Uint8Array(3))
        assert.strictEqual((letter as Uint8Array).buffer.byteLength, 3)
      }).pipe(Effect.provideService(DeadLetters, (letter) => void letters.push(letter.message)))
    }
  )

  it.effect("can be reached when the bus is back, where it is away for the moment", () =>
    Effect.gen(function* () {
      const { actor, exchange, there } = yield* make()
      let isAway = true
      const subscribe: BusShape["subscribe"] = (subject, handlers) =>
        Effect.suspend(() =>
          isAway
            ? Effect.fail(new BusUnavailable({ reason: "it is disconnected" }))
            : there.subscribe(subject, handlers)
        )
      const elsewhere = { system: "test", name: "elsewhere" }
      const bus = { ...there, subscribe }
      const exposing = yield* Effect.forkChild(
        expose(actor, elsewhere).pipe(Effect.provideService(Bus, bus)),
        { startImmediately: true }
      )
      yield* TestClock.adjust(1000)
      isAway = false
      yield* TestClock.adjust(1000)
      yield* Fiber.join(exposing)
      const echo = yield* remote(Echo, elsewhere).pipe(Effect.provideService(Bus, yield* exchange.connect))
      assert.deepStrictEqual(yield* echo.ask("Notes"), [])
    })
  )

  it("has a subject of plain tokens, and no two names share one", () => {
    assert.strictEqual(subjectOf({ system: "shop", name: "cart-1_A" }), "aplomb.actor.shop.cart-1_A")
    assert.match(subjectOf(address), /^aplomb\.actor\.test\.=[A-Za-z0-9_-]+$/)
    const [spaced, plain] = [
      subjectOf({ system: "s", name: "a b" }),
      subjectOf({ system: "s", name: "YSBi" })
    ]
    assert.notStrictEqual(spaced, plain)
    assert.strictEqual(subjectOf({ system: "s", name: "" }).split(".")[3], "=")
  })

  it.effect("refuses an address that no subject can hold", () =>
    Effect.gen(function* () {
      const { here } = yield* make()
      const exit = yield* remote(Echo, { system: "s", name: "x".repeat(600) }).pipe(
        Effect.provideService(Bus, here),
        Effect.flip
      )
      assert.strictEqual(exit._tag, "BadSubject")
    })
  )

  it.effect("keeps answer times of a bounded number of addresses, however many are asked", () =>
    Effect.gen(function* () {
      const { actor, here, there } = yield* make()
      for (let i = 0; i < askedMax + 50; i++) {
        const place = { system: "test", name: `echo-${i}` }
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* expose(actor, place).pipe(Effect.provideService(Bus, there))
            const echo = yield* remote(Echo, place).pipe(Effect.provideService(Bus, here))
            yield* echo.ask("Notes")
          })
        )
      }
      const shown = (yield* Metric.snapshot).filter(
        ({ id, attributes }) => id === "aplomb_actor_ask_ms" && /^test\//.test(attributes?.["actor"] ?? "")
      )
      assert.strictEqual(shown.length, askedMax)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
