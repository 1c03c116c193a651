/** What a client has in flight, in bytes, and how it comes again where a leader has no room. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { SessionId } from "../protocol/ids.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { codec, coreOver, leader, subjects } from "./group-core.test-support.ts"

const session = SessionId(4)
const large = 512 * 1024

/** A client with a session, and the submissions that its leader has had. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const bus = yield* exchange.connect
  const submissions: Array<number> = []
  yield* bus.subscribe(subjects.node(leader), {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (typeof packet !== "string" && packet.body._tag === "Submit")
        submissions.push(packet.body.submission)
    }
  })
  const { clock, core } = coreOver(bus)
  core.listening(session)
  const failures: Array<string> = []
  const command = (size: number, deadlineMs = 60_000) =>
    core.command({
      bytes: new Uint8Array(size),
      deadlineMs,
      done: (_reply, _slot, failure) => {
        if (failure !== undefined) failures.push(failure._tag)
      }
    })
  /** What has arrived by now. */
  const sent = Effect.gen(function* () {
    core.flush()
    yield* TestClock.adjust("1 second")
    return submissions.length
  })
  const result = (number: number) => {
    core.heard({ _tag: "Results", session, flat: [number, number + 10, 0, "reply"] }, leader)
  }
  const refuse = (submission: number) => {
    const refusal = { _tag: "Overloaded", retryAfterMs: 20 } as const
    core.heard({ _tag: "SubmitRefused", submission, refusal }, leader)
  }
  return { core, clock, submissions, failures, command, sent, result, refuse }
})

describe("a client with large commands", () => {
  it.effect("has 8 MiB in flight, and sends the next when one has its result", () =>
    Effect.gen(function* () {
      const { command, sent, result } = yield* world
      for (let commands = 0; commands < 40; commands++) command(large)
      assert.strictEqual(yield* sent, 16)
      assert.strictEqual(yield* sent, 16)
      result(1)
      assert.strictEqual(yield* sent, 17)
    })
  )

  it.effect("tells those that wait for room when their time is over", () =>
    Effect.gen(function* () {
      const { core, clock, command, failures, sent } = yield* world
      for (let commands = 0; commands < 16; commands++) command(large)
      command(1, 500)
      assert.strictEqual(yield* sent, 16)
      clock.ms = 500
      core.tick()
      assert.deepStrictEqual(failures, ["Unavailable"])
    })
  )
})

describe("a client whose leader has no room", () => {
  it.effect("doubles its pause for the same command up to a second, and begins anew with the next", () =>
    Effect.gen(function* () {
      const { clock, submissions, command, sent, refuse, result } = yield* world
      /** How long it waits until it sends again. */
      const pause = Effect.gen(function* () {
        const before = yield* sent
        refuse(submissions[before - 1]!)
        for (let waitedMs = 0; ; waitedMs += 10, clock.ms += 10)
          if (waitedMs > 2000 || (yield* sent) > before) return waitedMs
      })
      command(1)
      const pauses: Array<number> = []
      for (let refusals = 0; refusals < 8; refusals++) pauses.push(yield* pause)
      assert.deepStrictEqual(pauses, [20, 40, 80, 160, 320, 640, 1000, 1000])
      result(1)
      command(1)
      assert.strictEqual(yield* pause, 20)
    })
  )

  it.effect("gives its session another sign of life soon after one that was refused", () =>
    Effect.gen(function* () {
      const { core, clock, submissions, sent, refuse } = yield* world
      core.tick()
      clock.ms = 15_000
      core.tick()
      assert.strictEqual(yield* sent, 1)
      refuse(submissions[0]!)
      clock.ms = 16_000
      core.tick()
      assert.strictEqual(yield* sent, 1)
      clock.ms = 16_001
      core.tick()
      assert.strictEqual(yield* sent, 2)
      clock.ms = 31_001
      core.tick()
      assert.strictEqual(yield* sent, 2)
    })
  )
})
