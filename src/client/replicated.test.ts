/** What a client of a group does where the bus is away, or could not take what it is asked. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../machines/kv.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus, type BusShape, BusUnavailable } from "../runtime/bus/port.ts"
import { commandMaxBytes, replicated } from "./replicated.ts"

/** A bus that is away when a subject of this beginning is subscribed to for the first time. */
const awayOnce = (bus: BusShape, beginning: string): BusShape => {
  let isAway = true
  const subscribe: BusShape["subscribe"] = (subject, handlers) =>
    Effect.suspend(() => {
      if (!isAway || !subject.startsWith(beginning)) return bus.subscribe(subject, handlers)
      isAway = false
      return Effect.fail(new BusUnavailable({ reason: "it is disconnected" }))
    })
  return { ...bus, subscribe }
}

it.effect("a read from replicas that found the bus away does not fail all that come after it", () =>
  Effect.gen(function* () {
    const exchange = yield* makeMemoryExchange()
    const bus = awayOnce(yield* exchange.connect, "aplomb.c.client.l")
    const group = yield* Effect.provideService(
      replicated({ cluster: "c", group: "main", machine: kvMachine }),
      Bus,
      bus
    )
    const read = Effect.gen(function* () {
      const options = { consistency: "stale", timeoutMs: 500 } as const
      const reading = yield* Effect.forkChild(Effect.flip(group.ask({ _tag: "Get", key: "k" }, options)))
      for (let step = 0; step < 40; step++) yield* Effect.andThen(Effect.yieldNow, TestClock.adjust(50))
      return (yield* Fiber.join(reading)).message
    })
    assert.include(yield* read, "it is disconnected")
    assert.include(yield* read, "no replica answered in time")
  })
)

it.effect("a question that no message can hold is refused at once, and not as one to try again", () =>
  Effect.gen(function* () {
    const exchange = yield* makeMemoryExchange()
    const group = yield* Effect.provideService(
      replicated({ cluster: "c", group: "main", machine: kvMachine }),
      Bus,
      yield* exchange.connect
    )
    const question = { _tag: "Get", key: "k".repeat(commandMaxBytes) } as const
    for (const consistency of ["linearizable", "stale"] as const) {
      const failure = yield* Effect.flip(group.ask(question, { consistency }))
      assert.strictEqual(failure._tag, "Rejected")
      assert.include(failure.message, `a question of ${commandMaxBytes + 8} bytes is over the limit`)
    }
  })
)
