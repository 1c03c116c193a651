/** Questions to the masters: whom they go to, when the next is asked, and what becomes of those that wait. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../../protocol/messages.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { packetCodec } from "../../wire/packet.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import { makeMasterLine } from "./line.ts"

const group = GroupId("main")
const subjects = subjectsOf("c")
const codec = packetCodec("c")
const replicaOf = (name: string) => ({ node: NodeId(name), storage: StorageId(`of-${name}`) })
const requestOf = (requestId: string): MasterRequest => ({ _tag: "ReadMaster", requestId })

/**
 * A line of the node `n9` to masters of these names; those that are `present` note what they are asked, and
 * answer after as long as their `distance`.
 */
const setUp = Effect.fnUntraced(function* (
  masters: ReadonlyArray<string>,
  present: ReadonlyArray<string> = masters,
  distance = { ms: 0 }
) {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const exchange = yield* makeMemoryExchange()
  const bus = yield* exchange.connect
  const asked: Array<string> = []
  const answering = new Set(present)
  for (const name of present) {
    const own = yield* exchange.connect
    yield* own.subscribe(subjects.master(NodeId(name)), {
      onMessage: (payload, _subject, replyTo) => {
        const packet = codec.decode(payload)
        if (typeof packet === "string" || packet.body._tag !== "MasterAsk") return
        const { requestId } = packet.body.request
        asked.push(`${name}: ${requestId}`)
        const reply: MasterReply = { _tag: "Refused", requestId, reason: "this is a test" }
        if (answering.has(name) && replyTo !== undefined) {
          const bytes = codec.encode(replicaOf(name), group, { _tag: "MasterAnswer", reply })
          const answer = Effect.sync(() => void own.publish(replyTo, bytes))
          if (distance.ms > 0) fork(Effect.delay(answer, distance.ms))
          else Effect.runSync(answer)
        }
      }
    })
  }
  const scope = yield* Scope.make()
  const line = yield* makeMasterLine({
    self: replicaOf("n9"),
    bus,
    subjects,
    codec,
    masters: masters.map((name) => NodeId(name)),
    promised: () => Ballot(0)
  }).pipe(Scope.provide(scope))
  return { line, asked, answering, distance, close: Scope.close(scope, Exit.void) }
})

describe("the line to the masters", () => {
  it.effect("asks the next where nobody listens, at once, and begins with the one that answered", () =>
    Effect.gen(function* () {
      const { line, asked } = yield* setUp(["m1", "m2"], ["m2"])
      const first = yield* line.ask(group, requestOf("a"))
      assert.strictEqual(first?.requestId, "a")
      yield* line.ask(group, requestOf("b"))
      assert.deepStrictEqual(asked, ["m2: a", "m2: b"])
      assert.deepStrictEqual(line.requests(), { changes: 0, reads: 2 })
    })
  )

  it.effect("asks the next where one does not answer, each twice, and says then that nobody did", () =>
    Effect.gen(function* () {
      const { line, asked, answering } = yield* setUp(["m1", "m2"])
      answering.clear()
      const asking = yield* Effect.forkChild(line.ask(group, requestOf("a")))
      for (let at = 0; at < 4; at++) yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(asking), undefined)
      assert.deepStrictEqual(asked, ["m1: a", "m2: a", "m1: a", "m2: a"])
    })
  )

  it.effect("waits longer for a master that is far away, by what late answers have told", () =>
    Effect.gen(function* () {
      const { line, asked } = yield* setUp(["m1", "m2"], ["m1", "m2"], { ms: 450 })
      const early = yield* Effect.forkChild(line.ask(group, requestOf("a")))
      for (let at = 0; at < 12; at++) yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(early), undefined)
      assert.deepStrictEqual(asked, ["m1: a", "m2: a", "m1: a", "m2: a"])
      assert.strictEqual(line.paceMs(), 450)
      const patient = yield* Effect.forkChild(line.ask(group, requestOf("b")))
      for (let at = 0; at < 5; at++) yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(patient))?.requestId, "b")
      assert.strictEqual(asked.filter((one) => one.endsWith("b")).length, 1)
    })
  )

  it.effect("does not take one that was slow once for one that is far away", () =>
    Effect.gen(function* () {
      const { line, distance } = yield* setUp(["m1"])
      yield* line.ask(group, requestOf("a"))
      distance.ms = 90
      for (const [id, paceMs] of [
        ["b", 0],
        ["c", 90]
      ] as const) {
        const asking = yield* Effect.forkChild(line.ask(group, requestOf(id)))
        for (let at = 0; at < 9; at++) yield* TestClock.adjust(10)
        assert.strictEqual((yield* Fiber.join(asking))?.requestId, id)
        assert.strictEqual(line.paceMs(), paceMs)
      }
    })
  )

  it.effect("has sixteen questions on their way at most; the others have their turn, in their order", () =>
    Effect.gen(function* () {
      const { line, asked, answering } = yield* setUp(["m1"])
      answering.clear()
      const got: Array<string> = []
      for (let number = 1; number <= 20; number++) {
        line.tell(group, requestOf(String(number)), ({ requestId }) => got.push(requestId))
      }
      yield* TestClock.adjust(1)
      assert.strictEqual(asked.length, 16)
      answering.add("m1")
      yield* TestClock.adjust(100)
      const all = Array.from({ length: 20 }, (_, index) => String(index + 1))
      assert.deepStrictEqual(new Set(got), new Set(all))
      const late = asked.slice(16).filter((one) => Number(one.slice(4)) > 16)
      assert.deepStrictEqual(late, ["m1: 17", "m1: 18", "m1: 19", "m1: 20"])
    })
  )

  it.effect("asks once what is told twice, until it is answered", () =>
    Effect.gen(function* () {
      const { line, asked } = yield* setUp(["m1"])
      let answers = 0
      const tell = () => line.tell(group, requestOf("a"), () => answers++)
      tell()
      tell()
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([asked.length, answers], [1, 1])
      tell()
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([asked.length, answers], [2, 2])
    })
  )

  it.effect("frees the place of a question that its asker gave up", () =>
    Effect.gen(function* () {
      const { line, asked, answering } = yield* setUp(["m1"])
      answering.clear()
      const asking = yield* Effect.forEach(Array.from({ length: 17 }), (_, index) =>
        Effect.forkChild(line.ask(group, requestOf(String(index + 1))))
      )
      yield* TestClock.adjust(1)
      assert.strictEqual(asked.length, 16)
      yield* Fiber.interrupt(asking[3]!)
      yield* TestClock.adjust(1)
      assert.strictEqual(asked.at(-1), "m1: 17")
      yield* TestClock.adjust(1000)
      assert.strictEqual(asked.filter((one) => one === "m1: 4").length, 1)
    })
  )

  it.effect("gives up what is on its way, and what waits, when it ends", () =>
    Effect.gen(function* () {
      const { line, asked, answering, close } = yield* setUp(["m1"])
      answering.clear()
      const asking = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
        Effect.forkChild(line.ask(group, requestOf(String(index))))
      )
      yield* TestClock.adjust(1)
      yield* close
      const replies = yield* Effect.forEach(asking, (fiber) => Fiber.join(fiber))
      assert.deepStrictEqual(new Set(replies), new Set([undefined]))
      assert.strictEqual(yield* line.ask(group, requestOf("late")), undefined)
      assert.strictEqual(asked.length, 16)
    })
  )
})
