/** Whose log is shown: nodes that do not hold the group must not have the last word. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { nodeSeen } from "../client/discover.test-support.ts"
import { GroupId, NodeId } from "../protocol/ids.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { noReplica, packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { findHolder } from "./log-holder.ts"

const subjects = subjectsOf("dev")
const main = (chosen: number) => ({
  group: "main",
  phase: "Active",
  promised: 1,
  last: chosen,
  chosen,
  applied: chosen
})

interface Answer {
  readonly id: string
  readonly afterMs: number
  /** The last chosen slot of its log; absent in a node without the group. */
  readonly chosen?: number
}

/** What is found, or said, where nodes answer so, each after its time. */
const foundAmong = Effect.fnUntraced(function* (...answers: ReadonlyArray<Answer>) {
  const exchange = yield* makeMemoryExchange({ maxPayloadBytes: 10_000 })
  for (const { id, afterMs, chosen } of answers) {
    const bus = yield* exchange.connect
    const groups = chosen === undefined ? [] : [main(chosen)]
    const told = new TextEncoder().encode(JSON.stringify(nodeSeen(id, { groups })))
    const answer = (replyTo: string) =>
      Effect.delay(
        Effect.sync(() => bus.publish(replyTo, told)),
        afterMs
      )
    const run = Effect.runForkWith(yield* Effect.context<never>())
    yield* bus.subscribe(subjects.status, {
      onMessage: (_payload, _subject, replyTo) => void run(answer(replyTo!))
    })
  }
  const bus = yield* exchange.connect
  const codec = packetCodec("dev")
  const asking = { self: noReplica, bus, subjects, codec, group: GroupId("main"), timeoutMs: 500 }
  const finding = yield* Effect.forkChild(Effect.result(findHolder(asking)), { startImmediately: true })
  yield* TestClock.adjust(500)
  return yield* Fiber.join(finding)
})

describe("looking for a group's log", () => {
  it.effect("goes on to a node that holds the group, however soon others answer", () =>
    Effect.gen(function* () {
      const found = yield* foundAmong({ id: "n1", afterMs: 1 }, { id: "n2", afterMs: 200, chosen: 7 })
      assert.deepStrictEqual(found, Result.succeed({ id: NodeId("n2"), chosen: 7 }))
    })
  )

  it.effect("says who answered where none of them holds the group", () =>
    Effect.gen(function* () {
      const found = yield* foundAmong({ id: "n1", afterMs: 1 }, { id: "n3", afterMs: 30 })
      const failure = found._tag === "Failure" ? found.failure : undefined
      const expected = 'none of the nodes that answered within 500 ms (n1, n3) holds the group "main"'
      assert.strictEqual(failure?.message, `${expected}; see aplomb status`)
      assert.strictEqual(failure?._tag === "CommandFailed" && failure.exitCode, 3)
    })
  )

  it.effect("says that nobody answers where nobody does", () =>
    Effect.gen(function* () {
      const found = yield* foundAmong()
      const failure = found._tag === "Failure" ? found.failure : undefined
      assert.match(String(failure?.message), /^no node that holds the group "main" answers within 500 ms/)
    })
  )
})
