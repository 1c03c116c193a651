/** Supervision and the end of actors: restarts, windows, escalation, draining, deadlines, dead letters. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber, Logger, Schedule, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { StopReason, Termination } from "./actor-handle.ts"
import { spawnBatch, spawnEach, spawnFold } from "./actor-spawn.ts"
import { DeadLetters } from "./dead-letters.ts"
import { crash, restart, type Supervision, stopOnCrash } from "./supervisor.ts"

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })
const quiet = Effect.provide(Logger.layer([]))
const every10Ms = Schedule.spaced("10 millis")

/** Sums numbers; 13 brings bad luck. */
const unlucky = (supervision: Supervision, states: Array<number>, stops: Array<string> = []) =>
  spawnFold<number, number>({
    name: "unlucky",
    supervision,
    initial: () => 0,
    onStop: (reason: StopReason) => void stops.push(reason._tag),
    receive: (total, message) => {
      if (message === 13) throw new Error("bad luck")
      states.push(total + message)
      return total + message
    }
  })

describe("an actor that crashes", () => {
  it.effect("restarts with fresh state after the backoff, without the message that crashed it", () =>
    Effect.gen(function* () {
      const states: Array<number> = []
      const stops: Array<string> = []
      const actor = yield* unlucky(restart({ backoff: every10Ms }), states, stops)
      for (const message of [1, 2, 13, 5]) actor.offerUnsafe(message)
      yield* settle
      assert.deepStrictEqual(states, [1, 3])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(states, [1, 3, 5])
      assert.deepStrictEqual(stops, ["Restarting"])
      assert.strictEqual(actor.metrics.restarts, 1)
      assert.strictEqual(actor.metrics.failures, 1)
      assert.strictEqual(actor.metrics.deadLetters.get("crashed"), 1)
    }).pipe(quiet)
  )

  it.effect("restarts with the state it kept, if that is what it should do", () =>
    Effect.gen(function* () {
      const states: Array<number> = []
      const actor = yield* unlucky(restart({ backoff: every10Ms, state: "keep" }), states)
      for (const message of [1, 2, 13, 5]) actor.offerUnsafe(message)
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(states, [1, 3, 8])
    }).pipe(quiet)
  )

  it.effect("escalates after too many crashes in the window, not after as many outside it", () =>
    Effect.gen(function* () {
      const supervision = restart({ backoff: every10Ms, restartsMax: 2, windowMs: 1000 })
      const actor = yield* unlucky(supervision, [])
      const ended = yield* Effect.forkChild(actor.terminated, { startImmediately: true })
      for (let round = 0; round < 5; round++) {
        actor.offerUnsafe(13)
        yield* TestClock.adjust(600)
      }
      assert.strictEqual(actor.metrics.restarts, 5)
      for (let round = 0; round < 2; round++) {
        actor.offerUnsafe(13)
        yield* TestClock.adjust(100)
      }
      const end = yield* Fiber.join(ended)
      assert.strictEqual(end._tag, "Escalated")
      assert.isFalse(actor.offerUnsafe(1))
    }).pipe(quiet)
  )

  it.effect("escalates when its Schedule ends, and backs off as it says", () =>
    Effect.gen(function* () {
      const backoff = Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 2 }))
      const actor = yield* unlucky(restart({ backoff }), [])
      const ended = yield* Effect.forkChild(actor.terminated, { startImmediately: true })
      for (const message of [13, 13, 13]) actor.offerUnsafe(message)
      yield* TestClock.adjust(99)
      assert.strictEqual(actor.metrics.restarts, 0)
      yield* TestClock.adjust(1)
      assert.strictEqual(actor.metrics.restarts, 1)
      yield* TestClock.adjust(199)
      assert.strictEqual(actor.metrics.restarts, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(ended))._tag, "Escalated")
    }).pipe(quiet)
  )

  it.effect("never restarts under crash, and shows the cause to those who watch", () =>
    Effect.gen(function* () {
      const actor = yield* unlucky(crash, [])
      const seen: Array<Termination> = []
      actor.onTerminated((termination) => seen.push(termination))
      for (const message of [13, 1]) actor.offerUnsafe(message)
      yield* settle
      const [end] = seen
      assert.isTrue(end?._tag === "Escalated" && Cause.pretty(end.cause).includes("bad luck"))
      assert.strictEqual(actor.metrics.deadLetters.get("stopped"), 1)
    }).pipe(quiet)
  )

  it.effect("under stop ends as Failed, and its parent lives on", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const parent = yield* spawnEach<string, Scope.Scope>({
        name: "parent",
        onStart: (context) =>
          Effect.gen(function* () {
            const child = yield* unlucky(stopOnCrash, [])
            context.watch(child, (end) => end._tag)
            child.offerUnsafe(13)
          }),
        receive: (message) => void seen.push(message)
      })
      yield* settle
      assert.deepStrictEqual(seen, ["Failed"])
      assert.strictEqual(parent.metrics.failures, 0)
    }).pipe(quiet)
  )

  it.effect("takes its parent with it when it escalates, and is spawned again by the restarted parent", () =>
    Effect.gen(function* () {
      let children = 0
      const parent = yield* spawnEach<string, Scope.Scope>({
        name: "parent",
        supervision: restart({ backoff: every10Ms }),
        onStart: () =>
          Effect.gen(function* () {
            children++
            const child = yield* unlucky(crash, [])
            if (children === 1) child.offerUnsafe(13)
          }),
        receive: () => undefined
      })
      yield* TestClock.adjust(10)
      assert.strictEqual(children, 2)
      assert.strictEqual(parent.metrics.failures, 1)
      assert.strictEqual(parent.metrics.restarts, 1)
    }).pipe(quiet)
  )

  it.effect("loses its timers, and gets back what it had put aside", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const actor = yield* spawnEach<string>({
        name: "stash",
        supervision: restart({ backoff: every10Ms }),
        receive: (message, context) => {
          if (context.restarts > 0) seen.push(message)
          else if (message === "crash") throw new Error("crash")
          else {
            context.stash(message)
            context.timers.set("timer", 100, "timer")
          }
        }
      })
      for (const message of ["a", "b", "crash", "c"]) actor.offerUnsafe(message)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(seen, ["a", "b", "c"])
    }).pipe(quiet)
  )

  it.effect("logs the cause of each crash", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ cause }) => lines.push(Cause.pretty(cause)))
      yield* Effect.gen(function* () {
        const actor = yield* unlucky(restart({ backoff: every10Ms }), [])
        actor.offerUnsafe(13)
        yield* settle
      }).pipe(Effect.provide(Logger.layer([logger])))
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0]!, "bad luck")
    })
  )

  it.effect("is supervised in onStart too, and a failing onStop stops nothing", () =>
    Effect.gen(function* () {
      let starts = 0
      const actor = yield* spawnBatch<number>({
        name: "starter",
        supervision: restart({ backoff: every10Ms }),
        onStart: () => (starts++ === 0 ? Effect.fail("not yet") : Effect.void),
        onStop: () => Effect.fail("oh no"),
        receive: () => undefined
      })
      yield* TestClock.adjust(10)
      assert.strictEqual(actor.metrics.restarts, 1)
      assert.strictEqual((yield* actor.stop())._tag, "Stopped")
      assert.strictEqual(actor.metrics.failures, 3)
    }).pipe(quiet)
  )
})

describe("an actor that is stopped", () => {
  const slow = (log: Array<string>) =>
    spawnEach<string>({
      name: "slow",
      receive: (message) => Effect.sleep(100).pipe(Effect.andThen(Effect.sync(() => void log.push(message)))),
      onStop: (reason) => void log.push(reason._tag)
    })

  it.effect("handles what waits, and takes nothing new", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const actor = yield* slow(log)
      for (const message of ["a", "b"]) actor.offerUnsafe(message)
      const stopping = yield* Effect.forkChild(actor.stop({ drainMs: 1000 }), { startImmediately: true })
      assert.isFalse(actor.offerUnsafe("c"))
      assert.strictEqual((yield* Effect.flip(actor.offer("c")))._tag, "ActorStopped")
      yield* TestClock.adjust(200)
      assert.strictEqual((yield* Fiber.join(stopping))._tag, "Stopped")
      assert.deepStrictEqual(log, ["a", "b", "Stopped"])
    })
  )

  it.effect(
    "past its deadline is interrupted; the rest goes to the dead letters, each with its reason",
    () => {
      const letters: Array<string> = []
      return Effect.gen(function* () {
        const log: Array<string> = []
        const actor = yield* slow(log)
        for (const message of ["a", "b", "c"]) actor.offerUnsafe(message)
        const stopping = yield* Effect.forkChild(actor.stop({ drainMs: 150 }), { startImmediately: true })
        yield* TestClock.adjust(150)
        assert.strictEqual((yield* Fiber.join(stopping))._tag, "Stopped")
        assert.deepStrictEqual(log, ["a", "Stopped"])
        assert.deepStrictEqual(letters, ["slow b interrupted", "slow c stopped"])
      }).pipe(
        Effect.provideService(DeadLetters, ({ actor, message, reason }) => {
          letters.push(`${actor} ${message} ${reason}`)
          throw new Error("a faulty hook")
        })
      )
    }
  )

  it.effect("by itself ends after the message in hand", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const actor = yield* spawnEach<string>({
        name: "self",
        receive: (message, context) => {
          seen.push(message)
          if (message === "b") context.stop()
        }
      })
      for (const message of ["a", "b", "c"]) actor.offerUnsafe(message)
      assert.strictEqual((yield* actor.terminated)._tag, "Stopped")
      assert.deepStrictEqual(seen, ["a", "b"])
      assert.strictEqual(actor.metrics.deadLetters.get("stopped"), 1)
    })
  )

  it.effect("while it rests before a restart ends at once", () =>
    Effect.gen(function* () {
      const actor = yield* unlucky(restart({ backoff: Schedule.spaced("1 hour") }), [])
      for (const message of [13, 1]) actor.offerUnsafe(message)
      yield* settle
      assert.strictEqual((yield* actor.stop())._tag, "Stopped")
      assert.strictEqual(actor.metrics.deadLetters.get("stopped"), 1)
    }).pipe(quiet)
  )

  it.effect("ends within its deadline although its scope closes while its handler never ends", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const scoped = Effect.scoped(
        Effect.gen(function* () {
          const actor = yield* spawnEach<string>({
            name: "stuck",
            drainMs: 300,
            receive: () => Effect.never,
            onStop: () => void ended.push("ended")
          })
          actor.offerUnsafe("a")
          yield* settle
        })
      )
      const closing = yield* Effect.forkChild(scoped, { startImmediately: true })
      yield* settle
      yield* settle
      yield* TestClock.adjust(299)
      assert.deepStrictEqual(ended, [])
      yield* TestClock.adjust(1)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(ended, ["ended"])
    })
  )
})
