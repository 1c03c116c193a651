/** Each timed fault asks the gate under which it was made, whatever was made meanwhile or failed to be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { CountedRandom } from "./random.ts"
import { gatedBy, timedFault } from "./timed-fault.ts"

const settings = { everyMs: 10, durationMs: { min: 1, max: 1 } }

describe("a gate", () => {
  it.effect("is that of the run whose faults were made under it, and of no other in this process", () =>
    Effect.gen(function* () {
      const struck = new Map<string, number>()
      const loop = (name: string) => {
        const strike = () => Effect.sync(() => void struck.set(name, (struck.get(name) ?? 0) + 1))
        return timedFault(new CountedRandom(1), settings, strike)
      }
      let within: Effect.Effect<never> = Effect.never
      const outer = gatedBy(
        () => false,
        () => {
          within = gatedBy(
            () => true,
            () => loop("within")
          )
          return loop("outer")
        }
      )
      const broken = () =>
        gatedBy(
          () => false,
          () => assert.fail("this run never began")
        )
      assert.throws(broken, "this run never began")
      for (const each of [outer, within, loop("without")]) yield* Effect.forkChild(each)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual([...struck.keys()].sort(), ["within", "without"])
    })
  )
})
