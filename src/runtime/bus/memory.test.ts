/** The bus in memory fulfils the claims about every bus, and some of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { busClaims } from "./conformance.ts"
import { type Fixture, listen, text } from "./conformance-kit.ts"
import { makeMemoryExchange } from "./memory.ts"
import type { BusProblem } from "./observe.ts"

const quiet = { onProblem: () => {} }

const fixture = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange(quiet)
  const made: Fixture = { connect: exchange.connect, pass: (timeMs) => TestClock.adjust(timeMs) }
  return made
})

describe("the bus in memory, as every bus", () => {
  for (const { claim, check } of busClaims) {
    it.effect(claim, () => Effect.flatMap(fixture, check))
  }
})

describe("the bus in memory", () => {
  it.effect("closing the exchange closes every member and fails their flushes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const exchange = yield* Scope.provide(makeMemoryExchange(quiet), scope)
      const bus = yield* exchange.connect
      const flushing = yield* Effect.forkChild(Effect.flip(bus.flush), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(flushing))._tag, "BusUnavailable")
      assert.strictEqual(bus.status(), "Closed")
      assert.strictEqual(bus.publish("any", text("x")), "closed")
      assert.strictEqual((yield* Effect.flip(Effect.scoped(exchange.connect)))._tag, "BusUnavailable")
    })
  )

  it.effect("what was published before a subscription is not delivered to it", () =>
    Effect.gen(function* () {
      const bus = yield* (yield* makeMemoryExchange(quiet)).connect
      bus.publish("a", text("before"))
      const ear = yield* listen(bus, "a")
      bus.publish("a", text("after"))
      assert.deepStrictEqual(yield* ear.texts(1), ["after"])
    })
  )

  it.effect("flush returns when everything published before has been delivered", () =>
    Effect.gen(function* () {
      const bus = yield* (yield* makeMemoryExchange(quiet)).connect
      const ear = yield* listen(bus, "a")
      for (let number = 0; number < 10; number++) bus.publish("a", text(String(number)))
      yield* bus.flush
      assert.strictEqual((yield* ear.rest).length, 10)
    })
  )

  it.effect("faults that nobody waits for are reported and counted", () =>
    Effect.gen(function* () {
      const problems: Array<BusProblem> = []
      const exchange = yield* makeMemoryExchange({
        maxPayloadBytes: 8,
        onProblem: (problem) => {
          problems.push(problem)
          throw new Error("this hook is broken")
        }
      })
      const bus = yield* exchange.connect
      yield* bus.subscribe("a", {
        onMessage: () => {
          throw new Error("broken")
        }
      })
      bus.publish("a", new Uint8Array(8))
      bus.publish("a..b", new Uint8Array(1))
      assert.strictEqual(bus.publish("a", new Uint8Array(9)), "too-large")
      yield* bus.flush
      assert.deepStrictEqual(
        problems.map(({ message }) => message),
        [
          'subject "a..b" cannot be used: a token is empty',
          "a handler of the bus threw at a message on a: Error: broken"
        ]
      )
      assert.deepInclude(bus.counts(), { published: 1, publishedBytes: 8, delivered: 1, handlerFailures: 1 })
    })
  )
})
