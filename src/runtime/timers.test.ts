/** Keyed timers under virtual time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Mailbox } from "./mailbox.ts"
import { KeyedTimers } from "./timers.ts"

const make = (controlCapacity = 100) =>
  Effect.gen(function* () {
    const mailbox = new Mailbox<string>({ name: "test", controlCapacity })
    const context = yield* Effect.context<never>()
    const timers = new KeyedTimers<string>((late) => mailbox.offerControlUnsafe(late), context)
    yield* Effect.addFinalizer(() => Effect.sync(() => timers.cancelAll()))
    return { mailbox, timers }
  })

describe("keyed timers", () => {
  it.effect("deliver each message at its time, earliest first", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make()
      timers.set("late", 30, "late")
      timers.set("early", 10, "early")
      timers.set("middle", 20, "middle")
      yield* TestClock.adjust(9)
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["early"])
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["middle", "late"])
      assert.strictEqual(timers.size, 0)
    })
  )

  it.effect("that never ring leave the others as they are, and a time that is no number is refused", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make()
      timers.set("early", 10, "early")
      assert.throws(() => timers.set("wrong", Number.NaN, "wrong"), RangeError, "wrong")
      assert.throws(() => timers.setRepeating("wrong", Number.NaN, "wrong"), RangeError)
      timers.set("never", Number.POSITIVE_INFINITY, "never")
      timers.set("late", 20, "late")
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["early"])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["late"])
      assert.isTrue(timers.has("never"))
    })
  )

  it.effect("of one key replace each other, later or earlier", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make()
      timers.set("key", 10, "first")
      timers.set("key", 20, "second")
      yield* TestClock.adjust(19)
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
      timers.set("key", 50, "third")
      timers.set("key", 5, "fourth")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["fourth"])
    })
  )

  it.effect("that are cancelled stay silent, even where the message waits in the mailbox already", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make()
      timers.set("a", 10, "a")
      timers.set("b", 10, "b")
      assert.isTrue(timers.cancel("a"))
      assert.isFalse(timers.cancel("a"))
      yield* TestClock.adjust(10)
      assert.strictEqual(mailbox.size, 1)
      timers.cancel("b")
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
      timers.set("c", 10, "c")
      yield* TestClock.adjust(10)
      timers.set("c", 10, "again")
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["again"])
    })
  )

  it.effect("that repeat keep their rhythm and leave out ticks while one waits", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make()
      timers.setRepeating("tick", 10, "tick")
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["tick"])
      yield* TestClock.adjust(35)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["tick"])
      yield* TestClock.adjust(4)
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["tick"])
      timers.cancelAll()
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(mailbox.takeUnsafe(), [])
    })
  )

  it.effect("wait for room where the control lane is full, and lose nothing", () =>
    Effect.gen(function* () {
      const { mailbox, timers } = yield* make(1)
      timers.set("a", 5, "a")
      timers.set("b", 5, "b")
      yield* TestClock.adjust(6)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["a"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(mailbox.takeUnsafe(), ["b"])
    })
  )
})
