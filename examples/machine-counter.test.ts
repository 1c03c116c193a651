/** The example of a replicated counter does what it shows. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { program } from "./machine-counter.ts"

it.effect("the counter counts each command once, and remembers its total when all nodes stop and start", () =>
  Effect.gen(function* () {
    const running = yield* Effect.forkChild(program)
    while (running.pollUnsafe() === undefined) yield* TestClock.adjust(10)
    assert.deepStrictEqual(yield* Fiber.join(running), [
      "1 after the first",
      "its slot comes before all others: true",
      "10 in all",
      "everything stops and starts again",
      "11 after the first",
      "its slot comes before all others: true",
      "20 in all"
    ])
  })
)
