/** What an operator asks is done when it is asked, and not by a copy of it that comes later. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import type { OperatorAnswer, OperatorRequest } from "../../protocol/messages.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { noReplica, packetCodec } from "../../wire/packet.ts"
import { makeNodeContext } from "../node/context.ts"
import type { Members } from "./members.ts"
import { serveOperators } from "./operators.ts"

const self = { node: NodeId("n1"), storage: StorageId("1") }
const group = GroupId("main")
const request: OperatorRequest = { _tag: "Transfer", to: NodeId("n2") }
const configuration = { ballot: Ballot(2), generation: 0, leader: self, acceptors: [self] }

/** Operators of a node that answers as told, and how often it did what was asked. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, yield* exchange.connect)
  const told: { operated: number; answer: OperatorAnswer } = {
    operated: 0,
    answer: { _tag: "Waiting", reason: "w" }
  }
  const operate = () =>
    Effect.sync(() => {
      told.operated++
      return told.answer
    })
  const operated = { members: { operate } as unknown as Members, leaderHint: () => undefined }
  yield* serveOperators(context, new Map([[group, operated]]))
  const bus = yield* exchange.connect
  const codec = packetCodec("c")
  const ask = Effect.fnUntraced(function* (pass: string) {
    const bytes = codec.encode(noReplica, group, { _tag: "OperatorAsk", request, pass })
    const packet = codec.decode(yield* bus.request(context.subjects.operator(self.node), bytes, 1000))
    assert.isObject(packet)
    const { body } = packet as Exclude<typeof packet, string>
    assert.strictEqual(body._tag, "OperatorReply")
    return (body as Extract<typeof body, { readonly _tag: "OperatorReply" }>).answer
  })
  const passed = Effect.map(ask(""), (answer) => {
    assert.strictEqual(answer._tag, "AskAgain")
    return (answer as Extract<typeof answer, { readonly _tag: "AskAgain" }>).pass
  })
  return { told, ask, passed }
})

describe("what an operator asks", () => {
  it.effect("needs a pass, with which it can ask until it is done, and never again", () =>
    Effect.gen(function* () {
      const { told, ask, passed } = yield* world
      const pass = yield* passed
      assert.strictEqual(told.operated, 0)
      for (let asks = 0; asks < 3; asks++) assert.strictEqual((yield* ask(pass))._tag, "Waiting")
      told.answer = { _tag: "Done", configuration }
      assert.strictEqual((yield* ask(pass))._tag, "Done")
      for (const old of [pass, "", "another"]) assert.strictEqual((yield* ask(old))._tag, "AskAgain")
      assert.strictEqual(told.operated, 4)
    })
  )

  it.effect("is asked anew after a minute, and after a refusal", () =>
    Effect.gen(function* () {
      const { told, ask, passed } = yield* world
      const [late, refused] = [yield* passed, yield* passed]
      told.answer = { _tag: "Refused", reason: "r" }
      assert.strictEqual((yield* ask(refused))._tag, "Refused")
      assert.strictEqual((yield* ask(refused))._tag, "AskAgain")
      yield* TestClock.adjust(60_000)
      assert.strictEqual((yield* ask(late))._tag, "AskAgain")
      assert.strictEqual(told.operated, 1)
    })
  )

  it.effect("keeps no pass for those who never come back with theirs", () =>
    Effect.gen(function* () {
      const { ask, passed } = yield* world
      const first = yield* passed
      for (let asks = 0; asks < 255; asks++) yield* passed
      assert.strictEqual((yield* ask(first))._tag, "Waiting")
      yield* passed
      assert.strictEqual((yield* ask(first))._tag, "AskAgain")
    })
  )
})
