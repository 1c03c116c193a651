/** The figures of actors as Effect's metrics show them. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Metric, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { protocol } from "./actor-protocol.ts"
import { spawnBatch } from "./actor-spawn.ts"
import { spawn } from "./actor-typed.ts"
import { askedMax, observeAsk, TimeHistogram } from "./metrics.ts"

const states = Effect.map(Metric.snapshot, (all) => {
  const own = all.filter(({ id }) => id.startsWith("aplomb_actor_"))
  return new Map(own.map((metric) => [`${metric.id} ${metric.attributes?.["actor"]}`, metric.state]))
})
const freshRegistry = Effect.provideService(Metric.MetricRegistry, new Map())

describe("the metrics of an actor", () => {
  it.effect("show depth, messages, times and dead letters while it lives, and nothing after", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const actor = yield* spawnBatch<string>({
        name: "measured",
        mailbox: { capacity: 2, policy: "drop" },
        receive: () => Effect.sleep(7)
      }).pipe(Scope.provide(scope))
      for (const message of ["a", "b", "c"]) actor.offerUnsafe(message)
      const before = yield* states
      assert.deepStrictEqual(before.get("aplomb_actor_mailbox_depth measured"), { value: 2 })
      yield* TestClock.adjust(7)
      const after = yield* states
      assert.deepStrictEqual(after.get("aplomb_actor_mailbox_depth measured"), { value: 0 })
      assert.deepStrictEqual(after.get("aplomb_actor_processed measured"), { count: 2, incremental: true })
      const dead = after.get("aplomb_actor_dead_letters measured")
      assert.deepStrictEqual(dead, { occurrences: new Map([["full", 1]]) })
      const handling = after.get("aplomb_actor_handling_ms measured")
      assert.isTrue(handling !== undefined && "sum" in handling && handling.count === 1 && handling.sum === 7)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* states).size, 0)
    }).pipe(freshRegistry)
  )

  it.effect("show how long questions took", () =>
    Effect.gen(function* () {
      const Slow = protocol("Slow", { Ask: { reply: Schema.Void } })
      const handlers = { Ask: () => Effect.sleep(30) }
      const slow = yield* spawn(Slow, { name: "slow", state: () => 0, handlers })
      const asking = yield* Effect.forkChild(slow.ask("Ask"), { startImmediately: true })
      yield* TestClock.adjust(30)
      assert.strictEqual(asking.pollUnsafe()?._tag, "Success")
      const asked = (yield* states).get("aplomb_actor_ask_ms slow")
      assert.isTrue(asked !== undefined && "sum" in asked && asked.count === 1 && asked.sum === 30)
    }).pipe(freshRegistry)
  )

  it("count each time in the bucket it belongs to, cumulated", () => {
    const histogram = new TimeHistogram()
    for (const timeMs of [0, 0.01, 3, 3, 1e9]) histogram.observe(timeMs)
    const { buckets, min, max } = histogram.state()
    const counts = new Map(buckets)
    assert.deepStrictEqual([counts.get(0.01), counts.get(1), counts.get(5)], [2, 2, 4])
    assert.deepStrictEqual([counts.get(5000), counts.get(Number.POSITIVE_INFINITY)], [4, 5])
    assert.deepStrictEqual([min, max], [0, 1e9])
  })

  it.effect("show those remote actors that were asked last, however many are asked", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<never>()
      const shown = Effect.map(states, (all) => [...all.keys()].filter((name) => / shop\/\d+$/.test(name)))
      for (let i = 0; i < 3 * askedMax; i++) {
        observeAsk(`shop/${i}`, 1, context)
        observeAsk("shop/0", 1, context)
      }
      const names = yield* shown
      assert.strictEqual(names.length, askedMax)
      assert.include(names, `aplomb_actor_ask_ms shop/${3 * askedMax - 1}`)
      const often = (yield* states).get("aplomb_actor_ask_ms shop/0")
      assert.isTrue(often !== undefined && "sum" in often && often.count === 3 * askedMax + 1)
      // Series that have attributes of the program as well count as those without.
      const named = { ...(yield* Metric.CurrentMetricAttributes), zone: "b" }
      const elsewhere = Context.add(context, Metric.CurrentMetricAttributes, named)
      for (let i = 0; i < 2 * askedMax; i++) observeAsk(`shop/${i}`, 1, elsewhere)
      assert.strictEqual((yield* Metric.snapshot).length, askedMax)
    }).pipe(freshRegistry)
  )
})
