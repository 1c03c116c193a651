/** Actors over plain messages: batches, single messages, folded state, stash, timers, watches, children. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { ActorHandle, Termination } from "./actor-handle.ts"
import { spawnBatch, spawnEach, spawnFold } from "./actor-spawn.ts"

/** Lets every fiber that is ready have its turns. */
const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })

describe("a batch actor", () => {
  it.effect("gets all of one turn in one call, control first", () =>
    Effect.gen(function* () {
      const batches: Array<ReadonlyArray<number>> = []
      const actor = yield* spawnBatch<number>({ name: "batch", receive: (batch) => void batches.push(batch) })
      for (const message of [1, 2, 3]) actor.offerUnsafe(message)
      actor.offerControlUnsafe(0)
      yield* settle
      assert.deepStrictEqual(batches, [[0, 1, 2, 3]])
      assert.strictEqual(actor.metrics.processed, 4)
      assert.strictEqual(actor.metrics.handling.count, 1)
    })
  )

  it.effect("gets batches no longer than it asked for", () =>
    Effect.gen(function* () {
      const batches: Array<ReadonlyArray<number>> = []
      const receive = (batch: ReadonlyArray<number>) => void batches.push(batch)
      const actor = yield* spawnBatch<number>({ name: "batch", batchMax: 2, receive })
      for (const message of [1, 2, 3]) actor.offerUnsafe(message)
      yield* settle
      assert.deepStrictEqual(batches, [[1, 2], [3]])
    })
  )

  it.effect("gets the next batch only when the effect of the one before is done", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const actor = yield* spawnBatch<string>({
        name: "batch",
        receive: (batch) => {
          log.push(`begin ${batch}`)
          return Effect.sleep(10).pipe(
            Effect.andThen(
              Effect.sync(() => {
                log.push(`end ${batch}`)
              })
            )
          )
        }
      })
      actor.offerUnsafe("a")
      yield* settle
      actor.offerUnsafe("b")
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(log, ["begin a", "end a", "begin b", "end b"])
    })
  )
})

describe("an actor of single messages", () => {
  it.effect("handles them one at a time in order, and lets control overtake", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const actor = yield* spawnEach<number>({
        name: "each",
        receive: (message, context) => {
          seen.push(message)
          if (message === 1) context.self.offerControlUnsafe(100)
        }
      })
      for (const message of [1, 2, 3]) actor.offerUnsafe(message)
      yield* settle
      assert.deepStrictEqual(seen, [1, 100, 2, 3])
    })
  )

  it.effect("lets others run between its messages although it never waits", () =>
    Effect.gen(function* () {
      const actor = yield* spawnEach<number>({
        name: "busy",
        receive: (message, context) => void context.self.offerUnsafe(message + 1)
      })
      actor.offerUnsafe(0)
      yield* settle
      assert.isAbove(actor.metrics.processed, 100)
      yield* actor.stop({ drainMs: 0 })
    })
  )

  it.effect("folds messages into its state, synchronously or by effect", () =>
    Effect.gen(function* () {
      const states: Array<number> = []
      const actor = yield* spawnFold<number, number>({
        name: "fold",
        initial: () => 10,
        receive: (total, message) => {
          const next = total + message
          states.push(next)
          return message % 2 === 0 ? next : Effect.succeed(next)
        }
      })
      for (const message of [1, 2, 3, 4]) actor.offerUnsafe(message)
      yield* settle
      assert.deepStrictEqual(states, [11, 13, 16, 20])
    })
  )

  it.effect("puts messages aside and takes them back ahead of what waits, within a bound", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const refused: Array<string> = []
      let open = false
      const actor = yield* spawnEach<string>({
        name: "stash",
        stashCapacity: 2,
        receive: (message, context) => {
          if (message === "open") {
            open = true
            context.unstashAll()
          } else if (open) seen.push(message)
          else if (!context.stash(message)) refused.push(message)
        }
      })
      for (const message of ["a", "b", "c", "open", "d"]) actor.offerUnsafe(message)
      yield* settle
      assert.deepStrictEqual(seen, ["a", "b", "d"])
      assert.deepStrictEqual(refused, ["c"])
    })
  )

  it.effect("has timers whose messages come ahead of data, and stop with it", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const actor = yield* spawnEach<string>({
        name: "timers",
        onStart: (context) => {
          context.timers.set("once", 10, "once")
          context.timers.setRepeating("tick", 25, "tick")
        },
        receive: (message) => void seen.push(message)
      })
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(seen, ["once", "tick", "tick"])
      yield* actor.stop()
      yield* TestClock.adjust(1000)
      assert.strictEqual(seen.length, 3)
    })
  )
})

describe("the family of actors", () => {
  it.effect("tells a watcher of the end of another, even if it has ended already", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const watched = yield* spawnEach<string>({ name: "watched", receive: () => undefined })
      const notice = (termination: Termination) => termination._tag
      yield* spawnEach<string>({
        name: "watcher",
        onStart: (context) => context.watch(watched, notice),
        receive: (message) => void seen.push(message)
      })
      yield* watched.stop()
      yield* settle
      assert.deepStrictEqual(seen, ["Stopped"])
      yield* spawnEach<string>({
        name: "late watcher",
        onStart: (context) => context.watch(watched, notice),
        receive: (message) => void seen.push(`late ${message}`)
      })
      yield* settle
      assert.deepStrictEqual(seen, ["Stopped", "late Stopped"])
    })
  )

  it.effect("ends children with their parent, before its onStop", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const scope = yield* Scope.make()
      let child: ActorHandle<string> | undefined
      yield* spawnEach<string, Scope.Scope>({
        name: "parent",
        onStart: () =>
          Effect.gen(function* () {
            child = yield* spawnEach<string>({
              name: "child",
              receive: () => undefined,
              onStop: (reason) => void log.push(`child ${reason._tag}`)
            })
          }),
        receive: () => undefined,
        onStop: (reason) => void log.push(`parent ${reason._tag}`)
      }).pipe(Scope.provide(scope))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(log, ["child Stopped", "parent Stopped"])
      assert.isFalse(child?.offerUnsafe("late"))
    })
  )

  it.effect("says how an actor ended to whoever stops it again or asks later", () =>
    Effect.gen(function* () {
      const actor = yield* spawnEach<string>({ name: "short", receive: () => undefined })
      assert.strictEqual((yield* actor.stop())._tag, "Stopped")
      assert.strictEqual((yield* actor.stop())._tag, "Stopped")
      assert.strictEqual((yield* actor.terminated)._tag, "Stopped")
    })
  )
})
