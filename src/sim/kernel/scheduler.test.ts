/**
 * The ready list: same seed same order in every mode, other seeds other orders, and frozen or dead nodes
 * stand still.
 */
import { Deferred, Effect, Queue } from "effect"
import { describe, expect, it } from "vitest"
import { spawnEach } from "../../runtime/actor-spawn.ts"
import { busyRun } from "./kernel.test-support.ts"
import { Kernel } from "./kernel.ts"
import type { ChoiceRule, SchedulingMode } from "./scheduler-options.ts"

const combinations: ReadonlyArray<readonly [SchedulingMode, ChoiceRule]> = [
  ["inline", "uniform"],
  ["hop", "uniform"],
  ["preempt", "uniform"],
  ["inline", "priorities"],
  ["hop", "priorities"],
  ["preempt", "priorities"]
]

describe("the scheduler", () => {
  for (const [mode, choice] of combinations) {
    it(`gives the same run for the same seed and other runs for others (${mode}, ${choice})`, () => {
      const run = (seed: number) => busyRun({ seed, scheduler: { mode, choice } })
      const first = run(1)
      expect(first.outcome._tag).toBe("Completed")
      const again = run(1)
      expect(again.digest).toBe(first.digest)
      expect(again.said).toEqual(first.said)
      const digests = new Set(Array.from({ length: 40 }, (_, seed) => run(seed).digest))
      expect(digests.size).toBe(40)
    })
  }

  it("lets the schedule alone change what happens, with nothing else drawn", () => {
    const order = (seed: number) => {
      const kernel = new Kernel({ seed })
      const seen: Array<number> = []
      const program = Effect.forEach(
        [0, 1, 2, 3, 4],
        (index) =>
          Effect.yieldNow.pipe(
            Effect.andThen(() => {
              seen.push(index)
              return Effect.void
            })
          ),
        { concurrency: "unbounded", discard: true }
      )
      expect(kernel.run(program)._tag).toBe("Completed")
      return seen.join("")
    }
    const orders = new Set(Array.from({ length: 200 }, (_, seed) => order(seed)))
    expect(orders.size).toBeGreaterThan(60)
  })

  it("forces yields between operations under preempt, and none inline", () => {
    expect(busyRun({ seed: 3, scheduler: { mode: "inline" } }).kernel.ready.forcedYields).toBe(0)
    const hop = busyRun({ seed: 3, scheduler: { mode: "hop" } }).kernel.ready.forcedYields
    const preempt = busyRun({ seed: 3, scheduler: { mode: "preempt", preemptEvery: 5 } }).kernel.ready
      .forcedYields
    expect(hop).toBeGreaterThan(10)
    expect(preempt).toBeGreaterThan(hop)
  })

  it("sends whom a plain handler of an actor wakes through the list under hop, never into its stack", () => {
    const order = (mode: SchedulingMode, seed: number) => {
      const seen: Array<string> = []
      const program = Effect.gen(function* () {
        const woken = yield* Deferred.make<void>()
        const actor = yield* spawnEach<"wake">({
          name: "waker",
          receive: () => {
            Deferred.doneUnsafe(woken, Effect.void)
            seen.push("waker")
          }
        })
        yield* Effect.yieldNow
        actor.offerUnsafe("wake")
        yield* Deferred.await(woken)
        seen.push("woken")
        yield* Effect.yieldNow
      })
      new Kernel({ seed, scheduler: { mode } }).run(Effect.scoped(program))
      return seen.join()
    }
    for (let seed = 0; seed < 20; seed++) {
      expect(order("inline", seed)).toBe("woken,waker")
      expect(order("hop", seed)).toBe("waker,woken")
    }
  })

  it("finds a check-then-act race under preempt that inline cannot show", () => {
    const lost = (mode: SchedulingMode, seed: number) => {
      const kernel = new Kernel({ seed, scheduler: { mode, preemptEvery: 3 } })
      let counter = 0
      const racy = Effect.gen(function* () {
        const read = yield* Effect.sync(() => counter)
        yield* Effect.sync(() => (counter = read + 1))
      })
      kernel.run(Effect.all([racy, racy, racy], { concurrency: "unbounded" }))
      return counter < 3
    }
    const seeds = Array.from({ length: 50 }, (_, seed) => seed)
    expect(seeds.some((seed) => lost("preempt", seed))).toBe(true)
    expect(seeds.some((seed) => lost("inline", seed))).toBe(false)
  })

  it("runs a task of lower urgency only when no other is ready", () => {
    const kernel = new Kernel({ seed: 1 })
    const seen: Array<string> = []
    const low = Effect.yieldNowWith(10).pipe(Effect.andThen(Effect.sync(() => seen.push("low"))))
    const high = Effect.forEach([1, 2, 3], () =>
      Effect.yieldNow.pipe(Effect.andThen(Effect.sync(() => seen.push("high"))))
    )
    kernel.run(Effect.all([low, high], { concurrency: "unbounded" }))
    expect(seen).toEqual(["high", "high", "high", "low"])
  })

  it("refuses to be flushed, which would run other nodes' tasks inside one node's stack", () => {
    const kernel = new Kernel({ seed: 1 })
    expect(() => kernel.world.incarnation!.scheduler.makeDispatcher().flush()).toThrow("fork it instead")
  })

  it("lets a strand that polls in front fall back, so that priorities starve nobody", () => {
    for (let seed = 0; seed < 10; seed++) {
      const kernel = new Kernel({ seed, scheduler: { choice: "priorities", changePoints: 0 } })
      let set = false
      const poll: Effect.Effect<void> = Effect.suspend(() =>
        set ? Effect.void : Effect.andThen(Effect.yieldNow, poll)
      )
      const program = Effect.gen(function* () {
        const queue = yield* Queue.unbounded<number>()
        yield* Effect.forkChild(
          Queue.take(queue).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.tap(() => Effect.sync(() => (set = true)))
          )
        )
        yield* Queue.offer(queue, 1)
        yield* poll
      })
      expect(kernel.run(program)._tag).toBe("Completed")
    }
  })
})
