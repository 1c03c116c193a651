/** A subscription is asked for until it is in force, whatever the bus does meanwhile. */
import { it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { BadSubject, type BusShape, type BusStatus, BusUnavailable } from "./port.ts"
import { subscribed } from "./subscribed.ts"

/** A bus that is away for the first attempts, and counts them. */
const busThatIsAway = (times: number, status: BusStatus = "Disconnected") => {
  const seen = { attempts: 0 }
  const bus = {
    status: () => status,
    subscribe: () =>
      Effect.suspend(() => {
        seen.attempts++
        return seen.attempts > times ? Effect.void : new BusUnavailable({ reason: "it is disconnected" })
      })
  } as unknown as BusShape
  return { bus, seen }
}
const handlers = { onMessage: () => {} }

describe("a subscription", () => {
  it.effect("is asked for again while the bus is away", () =>
    Effect.gen(function* () {
      const { bus, seen } = busThatIsAway(3)
      const fiber = yield* Effect.forkChild(Effect.scoped(subscribed(bus, "a.b", handlers)))
      yield* TestClock.adjust(10_000)
      yield* Fiber.join(fiber)
      expect(seen.attempts).toBe(4)
    })
  )

  it.effect("is given up where the connection was closed for good", () =>
    Effect.gen(function* () {
      const { bus, seen } = busThatIsAway(3, "Closed")
      const error = yield* Effect.flip(Effect.scoped(subscribed(bus, "a.b", handlers)))
      expect([error._tag, seen.attempts]).toEqual(["BusUnavailable", 1])
    })
  )

  it.effect("is given up where the server does not allow it", () =>
    Effect.gen(function* () {
      const denied = new BadSubject({ subject: "a.b", reason: "not allowed" })
      const bus = { status: () => "Connected", subscribe: () => denied } as unknown as BusShape
      expect(yield* Effect.flip(Effect.scoped(subscribed(bus, "a.b", handlers)))).toBe(denied)
    })
  )
})
