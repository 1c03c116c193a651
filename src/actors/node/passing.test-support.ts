/** Virtual time for what a node does: it sleeps and yields many times before it has come to its end. */
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Lets time pass until it has come to its end. */
export const passing = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(effect)
  for (let step = 0; step < 2000 && fiber.pollUnsafe() === undefined; step++)
    yield* Effect.andThen(Effect.yieldNow, TestClock.adjust(10))
  return yield* Fiber.join(fiber)
})
