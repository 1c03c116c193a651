/** A bus that takes less than a client would pack: it packs less, and what fits no message fails at once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { SessionId } from "../protocol/ids.ts"
import { countClientEntries } from "../protocol/log/entry.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import type { BusShape } from "../runtime/bus/port.ts"
import { Indeterminate, Rejected } from "./errors.ts"
import { codec, coreOver, leader, subjects } from "./group-core.test-support.ts"

/** A client with a session over a bus that takes 8000 bytes a message, and what its leader has heard. */
const world = Effect.gen(function* () {
  const inner = yield* (yield* makeMemoryExchange()).connect
  const limit = { bytes: 8000 }
  const bus: BusShape = {
    ...inner,
    get maxPayloadBytes() {
      return limit.bytes
    },
    publish: (subject, payload, replyTo) =>
      payload.length > limit.bytes ? "too-large" : inner.publish(subject, payload, replyTo)
  }
  const heard = { messages: 0, commands: 0, questions: 0 }
  yield* inner.subscribe(subjects.node(leader), {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (typeof packet === "string") return
      heard.messages++
      if (packet.body._tag === "Submit") heard.commands += countClientEntries(packet.body.bytes) ?? 0
      if (packet.body._tag === "Query") heard.questions += packet.body.queries.length
    }
  })
  const { clock, link, core } = coreOver(bus)
  core.listening(SessionId(4))
  const failures: Array<Error | undefined> = []
  const done = (_: unknown, _slot: number, failure: Error | undefined) => void failures.push(failure)
  const call = (what: "command" | "question", size: number) =>
    core[what]({ bytes: new Uint8Array(size), deadlineMs: 60_000, done })
  const flushed = Effect.gen(function* () {
    core.flush()
    yield* TestClock.adjust(1)
    return { ...heard }
  })
  return { core, link, limit, clock, failures, call, flushed }
})

describe("a client over a bus of small messages", () => {
  it.effect("sends many commands and questions in messages that it takes", () =>
    Effect.gen(function* () {
      const { failures, call, flushed } = yield* world
      for (const what of ["command", "question"] as const)
        for (let count = 0; count < 20; count++) call(what, 1000)
      const { messages, ...counts } = yield* flushed
      assert.deepStrictEqual([counts, failures], [{ commands: 20, questions: 20 }, []])
      assert.strictEqual(messages, 6)
    })
  )

  it.effect("rejects what fits none, and says what to do; the rest is sent", () =>
    Effect.gen(function* () {
      const { failures, call, flushed } = yield* world
      for (const what of ["command", "question"] as const)
        for (const size of [100, 8000, 100]) call(what, size)
      const { commands, questions } = yield* flushed
      assert.deepStrictEqual([commands, questions], [2, 2])
      assert.strictEqual(failures.length, 2)
      for (const failure of failures) {
        assert.instanceOf(failure, Rejected)
        assert.match(
          failure!.message,
          /message of 80\d\d bytes is over the limit of the bus, 8000 bytes: make it/
        )
      }
    })
  )

  it.effect("does not say of a command that it was not run, where it was sent under a higher limit", () =>
    Effect.gen(function* () {
      const { core, link, limit, clock, failures, call, flushed } = yield* world
      call("command", 4000)
      yield* flushed
      limit.bytes = 2000
      clock.ms = 1000
      link.heard()
      core.tick()
      yield* flushed
      assert.strictEqual(failures.length, 1)
      assert.instanceOf(failures[0], Indeterminate)
    })
  )
})
