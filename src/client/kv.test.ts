/** What the key-value form of a group refuses before anything is sent. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { KvAnswer, KvCommand, KvQuestion, KvReply } from "../machines/kv.ts"
import { kvOf } from "./kv.ts"
import type { Replicated } from "./replicated.ts"

/** A group that holds nothing, and what it was sent. */
const empty = () => {
  const sent: Array<KvCommand | KvQuestion> = []
  const answer = (message: KvCommand | KvQuestion) =>
    Effect.sync(() => {
      sent.push(message)
      const nothing = { entries: [], more: false }
      return { reply: { changed: false, revision: 0 }, answer: nothing, entries: [], slot: 1 }
    })
  const group = { submit: answer, ask: answer, askAt: answer } as unknown as Replicated<
    KvCommand,
    KvReply,
    KvQuestion,
    KvAnswer
  >
  return { kv: kvOf(group), sent }
}

describe("half a character", () => {
  it.effect("is refused as key, as value and as prefix, and nothing is sent", () =>
    Effect.gen(function* () {
      for (const half of ["\uD83D", "a\uD83D", "\uDE00", "\uDE00\uD83D"]) {
        const { kv, sent } = empty()
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
        for (const call of calls) {
          const failure = yield* Effect.flip(Effect.asVoid(call as Effect.Effect<unknown, Error>))
          assert.match(failure.message, /half a character/)
          assert.propertyVal(failure, "_tag", "Rejected")
        }
        assert.deepStrictEqual(sent, [])
      }
    })
  )

  it.effect("is not what whole characters of two units are", () =>
    Effect.gen(function* () {
      const { kv, sent } = empty()
      for (const prefix of ["", "a", "😀", "\uFEFF"]) yield* Stream.runCollect(kv.list(prefix))
      assert.strictEqual(sent.length, 4)
    })
  )
})
