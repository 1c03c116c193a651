/** What an actor leaves behind: in memory, to those who watched it, and to the life that comes next. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { ActorCell } from "./actor-cell.ts"
import type { ActorContext } from "./actor-handle.ts"
import { spawnBatch, spawnEach } from "./actor-spawn.ts"
import { Alarm } from "./alarm.ts"
import { restart } from "./supervisor.ts"

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })
const quiet = Effect.provide(Logger.layer([]))
const after50Ms = restart({ backoff: Schedule.spaced("50 millis") })

describe("an actor", () => {
  it.effect("whose handler returns effects keeps nothing of the messages that it has handled", () =>
    Effect.gen(function* () {
      const actor = (yield* spawnEach<number>({
        name: "effectful",
        receive: () => Effect.void
      })) as ActorCell<number>
      const depth = () =>
        (actor.fiber as unknown as { readonly _stack: ReadonlyArray<unknown> })._stack.length
      const handle = Effect.suspend(() => {
        actor.offerUnsafe(1)
        return Effect.yieldNow
      })
      yield* Effect.repeat(handle, { times: 20 })
      const before = depth()
      yield* Effect.repeat(handle, { times: 200 })
      assert.strictEqual(depth(), before)
    })
  )

  it.effect("that is spawned into a scope which has closed ends at once", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      const actor = yield* spawnEach<number>({ name: "late", receive: () => {} }).pipe(Scope.provide(scope))
      assert.strictEqual((yield* actor.terminated)._tag, "Stopped")
    })
  )

  it.effect("that has ended is kept neither by the scope that it was spawned in nor by who watched it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      let watching: ActorContext<string> | undefined
      const watcher = (yield* spawnEach<string>({
        name: "watcher",
        onStart: (context) => {
          watching = context
        },
        receive: () => {}
      })) as ActorCell<string>
      const finalizers = () => {
        const { state } = scope as unknown as {
          readonly state: { readonly finalizers?: Map<unknown, unknown> }
        }
        return state.finalizers?.size ?? 0
      }
      const watched = () => watcher.watchedCount
      for (let count = 0; count < 5; count++) {
        const actor = yield* spawnEach<number>({ name: "brief", receive: () => {} }).pipe(
          Scope.provide(scope)
        )
        watching!.watch(actor, () => "ended")
        assert.strictEqual(watched(), 1)
        yield* actor.stop()
        yield* settle
        assert.deepStrictEqual([watched(), finalizers()], [0, 0])
      }
    })
  )

  it.effect("ends although one of those who are told of it fails, and the others are told", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const scope = yield* Scope.make()
      const actor = yield* spawnEach<number>({ name: "watched", receive: () => {} }).pipe(
        Scope.provide(scope)
      )
      actor.onTerminated(() => {
        throw new Error("bad luck")
      })
      actor.onTerminated(({ _tag }) => void told.push(_tag))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(told, ["Stopped"])
    }).pipe(quiet)
  )

  it.effect("that has ended sets no timers any more", () =>
    Effect.gen(function* () {
      let rings = 0
      const alarm = Effect.provideService(Alarm, () => ({
        after: () => {
          rings++
          return () => {}
        }
      }))
      let late: ActorContext<string> | undefined
      const actor = yield* spawnBatch<string>({
        name: "timed",
        onStart: (context) => {
          late = context
        },
        receive: () => {}
      }).pipe(alarm)
      yield* actor.stop()
      late!.timers.set("again", 0, "again")
      assert.deepStrictEqual([late!.timers.size, rings], [0, 0])
    })
  )

  it.effect("begins a life without timers and notices of the one before", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const other = yield* spawnEach<number>({ name: "other", receive: () => {} })
      const actor = yield* spawnEach<string>({
        name: "reborn",
        supervision: after50Ms,
        onStart: (context) => context.watch(other, () => `other ended, told to life ${context.restarts}`),
        onStop: (_, { timers }) => timers.set("old", 60, "of the life before"),
        receive: (message) => {
          if (message !== "crash") return void seen.push(message)
          return Effect.andThen(
            other.stop(),
            Effect.suspend(() => Effect.die(new Error("bad luck")))
          )
        }
      })
      actor.offerUnsafe("crash")
      yield* settle
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(seen, ["other ended, told to life 1"])
    }).pipe(quiet)
  )

  it.effect("that stops itself while it rests after a crash begins no other life", () =>
    Effect.gen(function* () {
      const lives: Array<string> = []
      let resting: ActorContext<string> | undefined
      const actor = yield* spawnEach<string>({
        name: "tired",
        supervision: after50Ms,
        onStart: (context) => {
          resting = context
          lives.push("start")
        },
        receive: () => Effect.die(new Error("bad luck"))
      })
      actor.offerUnsafe("crash")
      yield* settle
      resting!.stop()
      const end = yield* Effect.forkChild(actor.terminated)
      yield* settle
      yield* TestClock.adjust(500)
      assert.strictEqual((yield* Fiber.join(end))._tag, "Stopped")
      assert.deepStrictEqual(lives, ["start"])
    }).pipe(quiet)
  )

  it.effect("handles what was put aside when it is given back from outside of a handler", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      let isReady = false
      let outside: ActorContext<number> | undefined
      const actor = yield* spawnEach<number>({
        name: "patient",
        onStart: (context) => {
          outside = context
        },
        receive: (message, context) => {
          if (isReady) seen.push(message)
          else context.stash(message)
        }
      })
      for (const message of [1, 2]) actor.offerUnsafe(message)
      yield* settle
      isReady = true
      outside!.unstashAll()
      yield* settle
      assert.deepStrictEqual(seen, [1, 2])
    })
  )
})
