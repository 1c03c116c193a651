/** Long work in steps: who waits for the disk has it, and a standstill is not paid for a second time. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { inSteps } from "./steps.ts"

describe("work in steps", () => {
  it.effect("pauses for three times as long as a step took, and never for long", () =>
    Effect.gen(function* () {
      const tookMs = [1, 60_000, 2]
      const begun: Array<number> = []
      const work = inSteps(
        3,
        1,
        () => true,
        (at) =>
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
            begun.push(nowMs)
            return Effect.sleep(tookMs[at]!)
          })
      )
      const fiber = yield* Effect.forkChild(work, { startImmediately: true })
      yield* TestClock.adjust(70_000)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(begun, [0, 4, 60_054])
    })
  )
})
