/** What the key-value form of a group refuses before anything is sent. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../machines/kv.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus } from "../runtime/bus/port.ts"
import { kvOf } from "./kv.ts"
import { commandMaxBytes, replicated } from "./replicated.ts"

/** A store of a group that nobody holds, and how many messages its client has published. */
const unheld = Effect.gen(function* () {
  const bus = yield* (yield* makeMemoryExchange()).connect
  const sent = { messages: 0 }
  const publish: typeof bus.publish = (...message) => {
    sent.messages++
    return bus.publish(...message)
  }
  const making = replicated({ cluster: "c", group: "main", machine: kvMachine })
  return { kv: kvOf(yield* Effect.provideService(making, Bus, { ...bus, publish })), sent }
})

type Call = Effect.Effect<unknown, Error>

/** Each fails at once, with the sentence. */
const refused = Effect.fnUntraced(function* (calls: ReadonlyArray<Call>, sentence: RegExp) {
  for (const call of calls) {
    const failure = yield* Effect.flip(Effect.asVoid(call))
    assert.match(failure.message, sentence)
    assert.propertyVal(failure, "_tag", "Rejected")
  }
})

describe("half a character", () => {
  it.effect("is refused as key, as value and as prefix, and nothing is sent", () =>
    Effect.gen(function* () {
      const { kv, sent } = yield* unheld
      for (const half of ["\uD83D", "a\uD83D", "\uDE00", "\uDE00\uD83D"]) {
        const calls = [
          kv.put(half, "v"),
          kv.put("k", half),
          kv.get(half),
          kv.getAt(half),
          kv.delete(half),
          kv.compareAndSet(half, 0, "v"),
          kv.compareAndSet("k", 0, half),
          Stream.runCollect(kv.list(half)),
          Stream.runCollect(kv.list(half, { consistency: "stale" }))
        ]
        yield* refused(calls, /the (key|value|prefix) holds half a character/)
      }
      assert.strictEqual(sent.messages, 0)
    })
  )
})

describe("what is no key, no value or no revision", () => {
  it.effect("is refused by name, and takes no place in the log", () =>
    Effect.gen(function* () {
      const { kv, sent } = yield* unheld
      const keys = [5, undefined, null, ["k"], new Uint8Array(1)].flatMap((key) => [
        kv.put(key as never, "v"),
        kv.get(key as never),
        kv.getAt(key as never),
        kv.delete(key as never),
        kv.compareAndSet(key as never, 0, "v")
      ])
      yield* refused(keys, /the key is (5|undefined|null|a value of type object); give text$/)
      const values = [5, undefined, null, {}, new Uint16Array(1)].flatMap((value) => [
        kv.put("k", value as never),
        kv.compareAndSet("k", 0, value as never)
      ])
      yield* refused(values, /the value is (5|undefined|null|a value of type object); give text or bytes/)
      const revisions = [null, undefined, -1, 0.5, Number.NaN, "3"].map((revision) =>
        kv.compareAndSet("k", revision as never, "v")
      )
      yield* refused(
        revisions,
        /the revision is .*; give the one that was read, or 0 for a key that is absent/
      )
      yield* refused([Stream.runCollect(kv.list(undefined as never))], /the prefix is undefined; give text/)
      assert.strictEqual(sent.messages, 0)
    })
  )
})

describe("the size of a command", () => {
  it.effect("is that of the key, the value and up to 22 bytes around them", () =>
    Effect.gen(function* () {
      const { kv } = yield* unheld
      // The largest that is not refused is left to wait, for nobody holds the group.
      const taken = (call: Call) =>
        Effect.gen(function* () {
          const calling = yield* Effect.forkChild(call)
          yield* TestClock.adjust(10)
          assert.isUndefined(calling.pollUnsafe())
          yield* Fiber.interrupt(calling)
        })
      const revision = Number.MAX_SAFE_INTEGER
      const text = (length: number) => "x".repeat(length)
      yield* taken(kv.put(text(1000), text(commandMaxBytes - 1000 - 11)))
      yield* refused(
        [kv.put(text(1000), text(commandMaxBytes - 1000 - 10))],
        /a command of 524289 bytes is over/
      )
      yield* taken(kv.compareAndSet(text(70_000), revision, text(commandMaxBytes - 70_000 - 22)))
      yield* refused(
        [kv.compareAndSet(text(70_000), revision, text(commandMaxBytes - 70_000 - 21))],
        /a command of 524289 bytes is over the limit of 524288 bytes/
      )
      yield* refused([kv.put(text(commandMaxBytes), ""), kv.get(text(commandMaxBytes))], /is over the limit/)
    })
  )
})

describe("how new an answer must be", () => {
  it.effect("is refused by name where it is nothing of the kind", () =>
    Effect.gen(function* () {
      const { kv } = yield* unheld
      const reads = (consistency: unknown) => {
        const options = { consistency: consistency as never }
        return [kv.get("k", options), kv.getAt("k", options), Stream.runCollect(kv.list("", options))]
      }
      for (const consistency of [null, "junk", 5, {}, true])
        yield* refused(reads(consistency), /the option consistency is .*; give "linearizable", "stale" or/)
      for (const atLeast of [null, -1, 0.5, "7"])
        yield* refused(reads({ atLeast }), /the option consistency has atLeast: .*, which is no slot; give/)
    })
  )
})
