/** Threads that run tasks: one that never comes back is ended, and what it ran is told. */
import { BroadcastChannel } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { RunFailure } from "./runs/result.ts"
import { spinningChannel } from "./spinning-worker.test-support.ts"
import { overWorkers, type TaskSource, type WorkerTask } from "./worker-pool.ts"

const program = new URL("./spinning-worker.test-support.ts", import.meta.url)
const task = (recipe: string): WorkerTask => ({ simulation: "words", recipe })

/** Hears of a thread that begins to spin from now on. */
const listenForSpinning = Effect.gen(function* () {
  const spins = yield* Deferred.make<void>()
  const channel = new BroadcastChannel(spinningChannel)
  channel.onmessage = () => Deferred.doneUnsafe(spins, Exit.void)
  yield* Effect.addFinalizer(() => Effect.sync(() => channel.close()))
  return spins
})

/** Hands out words, and `later` once a run is lost. */
const sourceOf = (words: ReadonlyArray<string>, later: ReadonlyArray<string>, onTake: () => void) => {
  const left = words.map(task)
  const taken: Array<string> = []
  const lost: Array<readonly [string, RunFailure, ReadonlyArray<string>]> = []
  const source: TaskSource = {
    next: () => left.shift(),
    take: ({ recipe }) => {
      taken.push(recipe)
      onTake()
    },
    lost: ({ recipe }, failure, before) => {
      lost.push([recipe, failure, before])
      left.push(...later.map(task))
    }
  }
  return { source, taken, lost }
}

describe("a run that never ends", () => {
  for (const jobs of [1, 2]) {
    it.effect(`is a finding that names its loop; others go on in another thread, of ${jobs}`, () =>
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const spins = yield* listenForSpinning
        const words = ["a", "spin", ...(jobs === 1 ? [] : ["b"])]
        const { source, taken, lost } = sourceOf(words, ["c", "d"], () => {
          if (taken.length === jobs) Deferred.doneUnsafe(begun, Exit.void)
        })
        const all = yield* Effect.forkChild(overWorkers(jobs, source, { hangMs: 1000, program }))
        yield* Deferred.await(begun)
        yield* Deferred.await(spins)
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(lost, [])
        yield* TestClock.adjust(100)
        yield* Fiber.join(all)
        assert.deepStrictEqual(taken, [...words.filter((word) => word !== "spin"), "c", "d"])
        const [recipe, failure, before] = lost[0]!
        // Of two threads either may have had the first word.
        if (jobs === 1) assert.deepStrictEqual(before, ["a"])
        assert.deepStrictEqual(
          [lost.length, recipe, failure.kind, failure.name],
          [1, "spin", "hang", "a run ends"]
        )
        assert.match(
          failure.message,
          /^the run took more than 1 s of real time .+ It was\n {4}at spinForEver \(/
        )
      })
    )
  }

  it.effect("is not waited for by whoever has enough", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const { source } = sourceOf(["a", "spin"], [], () => Deferred.doneUnsafe(begun, Exit.void))
      const all = yield* Effect.forkChild(overWorkers(1, source, { program }))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(all)
    })
  )
})

describe("a run that fills the memory", () => {
  it.live("is a finding; others go on in another thread", () =>
    Effect.gen(function* () {
      const { source, taken, lost } = sourceOf(["a", "fill"], ["c"], () => {})
      yield* overWorkers(1, source, { program, heapMaxMb: 16 })
      assert.deepStrictEqual(taken, ["a", "c"])
      const [recipe, failure, before] = lost[0]!
      assert.deepStrictEqual(
        [lost.length, recipe, before, failure.kind, failure.name],
        [1, "fill", ["a"], "memory", "a run has memory enough"]
      )
      assert.include(failure.message, "look for what the run before it in its thread left behind")
    })
  )
})

describe("a thread that ends by itself", () => {
  it.effect("ends all of it, and says what it ran", () =>
    Effect.gen(function* () {
      const { source } = sourceOf(["a", "leave"], [], () => {})
      const exit = yield* Effect.exit(overWorkers(1, source, { program }))
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.match(String(error), /a thread ended by itself, exit code 3, while it ran leave$/)
    })
  )
})
