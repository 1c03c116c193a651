/** The status of a node fits a message, with what the masters keep or without; or the node counts that. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { NodeId, StorageId } from "../../protocol/ids.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { makeNodeContext } from "../node/context.ts"
import { answerStatus } from "./answer-status.ts"

const nobody = new Uint8Array(0)

/** What whoever asks a node hears, where a message has 200 bytes at most, and what the node has counted. */
const asked = Effect.fnUntraced(function* (status: Parameters<typeof answerStatus>[1]) {
  const exchange = yield* makeMemoryExchange({ maxPayloadBytes: 200 })
  const bus = yield* exchange.connect
  const self = { node: NodeId("n1"), storage: StorageId("1") }
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, bus)
  yield* answerStatus(context, status)
  const heard: Array<unknown> = []
  yield* bus.subscribe("answers", {
    onMessage: (payload) => void heard.push(JSON.parse(new TextDecoder().decode(payload)))
  })
  bus.publish(context.subjects.status, nobody, "answers")
  yield* bus.flush
  yield* bus.flush
  return { heard, counters: Object.fromEntries(context.counters) }
})

const master = { state: "seated", registers: ["x".repeat(120)] }

it.effect("is told whole where it fits a message", () =>
  Effect.gen(function* () {
    const { heard, counters } = yield* asked(() => ({ id: "n1", master }))
    assert.deepStrictEqual([heard, counters], [[{ id: "n1", master }], {}])
  })
)

it.effect("goes without what the masters keep where that is too much", () =>
  Effect.gen(function* () {
    const { heard, counters } = yield* asked(() => ({ id: "n1", groups: ["y".repeat(90)], master }))
    assert.deepStrictEqual(heard, [{ id: "n1", groups: ["y".repeat(90)], master: { state: "seated" } }])
    assert.deepStrictEqual(counters, {})
  })
)

it.effect("is counted where it fits no message at all", () =>
  Effect.gen(function* () {
    const { heard, counters } = yield* asked(() => ({ groups: ["y".repeat(200)], master }))
    assert.deepStrictEqual([heard, counters], [[], { "too-large: status": 1 }])
  })
)
