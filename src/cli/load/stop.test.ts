/** Loads that begin anew, and loads that end before the file does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { Unavailable } from "../../client/errors.ts"
import type { GroupClient } from "../../client/group-client.ts"
import type { Kv } from "../../client/kv.ts"
import type { LoadInput } from "./input.ts"
import { load } from "./load.ts"

const timeoutMs = 20_000
const file = Buffer.from("a\t1\nb\t2\n")

/** A store of one record, in which nothing else can be put; `events` tells what was asked of it. */
const world = () => {
  const events: Array<string> = []
  const store = { text: "", revision: 0, isGone: false, keepsPuts: false }
  const gone = Effect.delay(Effect.fail(new Unavailable({ reason: "nobody took it in time" })), timeoutMs)
  const kv = {
    get: () =>
      Effect.sync(() =>
        store.revision === 0
          ? Option.none()
          : Option.some({ key: "", value: store.text, revision: store.revision })
      ),
    compareAndSet: (_key: string, revision: number, text: string) =>
      Effect.suspend(() => {
        events.push(`save ${JSON.parse(text).complete}`)
        if (store.isGone) return gone
        const changed = revision === store.revision
        if (changed) Object.assign(store, { text, revision: revision + 1 })
        return Effect.succeed({ changed, revision: store.revision })
      })
  } as unknown as Kv
  const client = {
    submitUnsafe: (
      _bytes: Uint8Array,
      _timeoutMs: number,
      done: Parameters<GroupClient["submitUnsafe"]>[2]
    ) => {
      events.push("put")
      if (!store.isGone || store.keepsPuts) queueMicrotask(() => done(null, 1, undefined))
      else queueMicrotask(() => done(null, 0, new Unavailable({ reason: "nobody took it in time" })))
      return true
    }
  } as unknown as GroupClient
  const input: LoadInput = {
    path: "words.tsv",
    sizeBytes: file.length,
    identity: "8 words",
    read: (position: number) => Effect.succeed(file.subarray(position))
  }
  const run = (resume: boolean, from: LoadInput = input) =>
    load({ kv, client, call: { timeoutMs }, input: from, format: "tsv", resume, onProgress: () => {} })
  return { events, store, run }
}

/** In steps, after each of which whoever woke goes on. */
const halfAMinute = Effect.repeat(TestClock.adjust("100 millis"), { times: 300 })

/** A file that does not come to its end after so many lines. */
const endless: LoadInput = {
  path: "words.tsv",
  sizeBytes: 1e6,
  identity: "many words",
  read: (position) => {
    const lines = Array.from({ length: 2048 }, (_, i) => `key${i}\tvalue\n`)
    return position === 0 ? Effect.succeed(Buffer.from(lines.join(""))) : Effect.never
  }
}

describe("a load that does not resume", () => {
  it.effect("forgets that the file was loaded before it puts anything", () =>
    Effect.gen(function* () {
      const { events, run } = world()
      yield* run(true)
      assert.deepStrictEqual(events.splice(0), ["put", "put", "save true"])
      yield* run(true)
      assert.deepStrictEqual(events.splice(0), [])
      yield* run(false)
      assert.deepStrictEqual(events, ["save false", "put", "put", "save true"])
    })
  )
})

describe("a load whose cluster goes away", () => {
  it.effect("says how far it came and how to go on, without another full wait", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      store.isGone = true
      const running = yield* Effect.forkChild(Effect.exit(run(true)))
      yield* TestClock.adjust("2 seconds")
      const exit = running.pollUnsafe()
      assert.isDefined(exit, "it waits for the record to be saved")
      assert.match(String(yield* Fiber.join(running)), /stopped after 0 records.*run the same command again/)
      assert.isTrue(Exit.isSuccess(exit!))
    })
  )

  it.effect("says so too where its record could not be saved before any put had failed", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      const failing = yield* Effect.forkChild(Effect.flip(run(true, endless)))
      yield* TestClock.adjust("500 millis")
      store.isGone = true
      yield* halfAMinute
      const failure = yield* Fiber.join(failing)
      const how =
        /^stopped after 2048 records: how far it came cannot be saved: .*nobody took it in time.*run the same/
      assert.match(failure.message, how)
      assert.strictEqual(failure._tag === "CommandFailed" && failure.exitCode, 3)
    })
  )

  it.effect("says so too where only the record at its end could not be saved", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      store.keepsPuts = true
      store.isGone = true
      const failing = yield* Effect.forkChild(Effect.flip(run(true)))
      yield* halfAMinute
      const failure = yield* Fiber.join(failing)
      assert.match(failure.message, /^stopped after 2 records: how far it came cannot be saved: /)
    })
  )
})

describe("a load that comes to a line that is no record", () => {
  const faulty = Buffer.concat([file, Buffer.from("no tab\n")])
  const withFault: LoadInput = {
    path: "words.tsv",
    sizeBytes: faulty.length,
    identity: "9 words",
    read: (position) => Effect.succeed(faulty.subarray(position))
  }
  const line = "words.tsv, line 3: expected key TAB value, found no tab"

  it.effect("says so too where its record could not be saved", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      store.keepsPuts = true
      store.isGone = true
      const failing = yield* Effect.forkChild(Effect.flip(run(true, withFault)))
      yield* halfAMinute
      const failure = yield* Fiber.join(failing)
      const before = `${line}; the 2 records before it are loaded; how far it came cannot be saved: `
      assert.strictEqual(failure.message.slice(0, before.length), before)
      assert.include(failure.message, "nobody took it in time")
      assert.strictEqual(failure._tag === "CommandFailed" && failure.exitCode, 2)
    })
  )

  it.effect("says so too where what comes before it could not be put", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      store.isGone = true
      const failing = yield* Effect.forkChild(Effect.flip(run(true, withFault)))
      yield* halfAMinute
      const failure = yield* Fiber.join(failing)
      const before = `${line}; stopped after 0 records: nothing was done: nobody took it in time`
      assert.strictEqual(failure.message.slice(0, before.length), before)
      assert.strictEqual(failure._tag === "CommandFailed" && failure.exitCode, 3)
    })
  )
})

describe("a load beside which another one of the same file goes on", () => {
  it.effect("says that, and ends with another exit code", () =>
    Effect.gen(function* () {
      const { store, run } = world()
      const failing = yield* Effect.forkChild(Effect.flip(run(true, endless)))
      yield* TestClock.adjust("500 millis")
      store.revision = 7
      yield* halfAMinute
      const failure = yield* Fiber.join(failing)
      assert.match(failure.message, /^another load of words.tsv is under way/)
      assert.strictEqual(failure._tag === "CommandFailed" && failure.exitCode, 1)
    })
  )
})
