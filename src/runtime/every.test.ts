/** What is done again and again, on virtual time. */
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { every } from "./every.ts"

it.effect("does it every so often, first after that time, and no more once it is interrupted", () =>
  Effect.gen(function* () {
    let times = 0
    const fiber = yield* Effect.forkChild(every(100, () => times++))
    yield* TestClock.adjust(99)
    assert.strictEqual(times, 0)
    yield* TestClock.adjust(1)
    assert.strictEqual(times, 1)
    for (let more = 0; more < 5; more++) yield* TestClock.adjust(100)
    assert.strictEqual(times, 6)
    yield* Fiber.interrupt(fiber)
    yield* TestClock.adjust(1000)
    assert.strictEqual(times, 6)
  })
)

it.effect("ends with what is thrown as a defect, and is not done again", () =>
  Effect.gen(function* () {
    let times = 0
    const fiber = yield* Effect.forkChild(
      every(10, () => {
        if (++times === 3) throw new Error("out of order")
      })
    )
    for (let ticks = 0; ticks < 10; ticks++) yield* TestClock.adjust(10)
    const exit = yield* Fiber.await(fiber)
    assert.strictEqual(times, 3)
    assert.isTrue(Exit.isFailure(exit) && String(Cause.squash(exit.cause)).includes("out of order"))
  })
)

it.effect("interrupts itself in the middle of it", () =>
  Effect.gen(function* () {
    let times = 0
    const fiber: Fiber.Fiber<never> = yield* Effect.forkChild(
      every(10, () => {
        times++
        fiber.interruptUnsafe()
      })
    )
    for (let ticks = 0; ticks < 5; ticks++) yield* TestClock.adjust(10)
    yield* Fiber.await(fiber)
    assert.strictEqual(times, 1)
  })
)
