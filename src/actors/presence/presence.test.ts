/** Nodes on one bus that say who they are: a namesake and an old copy of a disk are found out. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import { makeNodeContext } from "../node/context.ts"
import { announce } from "./presence.ts"

const nodes = ["n1", "n2", "n3"]
const replica = (name: string) => ({ node: NodeId(name), storage: StorageId(`disk of ${name}`) })

const cluster = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  /** Announces a node whose log had so many frames, as it says, and has so many now. */
  const start = Effect.fnUntraced(function* (name: string, framesFound: number, framesNow = framesFound) {
    const scope = yield* Scope.make()
    const disk = new MemoryDisk()
    const config = yield* nodeConfig({ cluster: "c", node: name, nodes, data: "d" })
    return yield* Effect.gen(function* () {
      const opening = openGroupLogs({ ...config, segmentBytes: 4096 })
      const { floors, wal } = yield* Effect.provide(opening, disk.layer())
      const bus = yield* exchange.connect
      const context = yield* Effect.provideService(makeNodeContext("c", replica(name)), Bus, bus)
      const known = { promised: () => [], floors, framesFound, frames: () => framesNow }
      const starting = yield* Effect.forkScoped(announce(context, config, known))
      return { starting, context, floors, wal, stop: Scope.close(scope, Exit.void) }
    }).pipe(Effect.provideService(Scope.Scope, scope))
  })
  /** Counts what is said on a subject. */
  const overhear = Effect.fnUntraced(function* (subject: string) {
    const bus = yield* exchange.connect
    let heard = 0
    const onMessage = () => {
      heard++
    }
    yield* bus.subscribe(subject, { onMessage })
    return () => heard
  })
  const started = Effect.fnUntraced(function* (name: string, framesSaid: number) {
    const node = yield* start(name, framesSaid)
    yield* pass(1100)
    return { ...node, presence: yield* Fiber.join(node.starting) }
  })
  return { start, started, overhear }
})

/** In small steps, so that what is sent is heard meanwhile. */
const pass = (ms: number) => Effect.replicateEffect(TestClock.adjust(10), ms / 10, { discard: true })

const failureOf = Effect.fnUntraced(function* <A, E>(fiber: Fiber.Fiber<A, E>) {
  const exit = fiber.pollUnsafe()
  return exit !== undefined && Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
})

describe("what others have promised", () => {
  it.effect("is kept of the groups that there are, and of no others", () =>
    Effect.gen(function* () {
      const { started } = yield* cluster
      const [one, other] = [yield* started("n1", 0), yield* started("n2", 0)]
      const [main, madeUp] = [GroupId("main"), GroupId("made up")]
      const promised = [main, madeUp].map((group) => ({ group, ballot: Ballot(7) }))
      const hello = { _tag: "Hello", instance: "i", startedAtMs: 1, asks: false, answers: "" } as const
      other.context.publish(other.context.subjects.hello, GroupId(""), { ...hello, promised, floors: [] })
      yield* pass(10)
      assert.deepStrictEqual([main, madeUp].map(one.presence.promisedOf.bind(one.presence)), [7, 0])
      for (const node of [one, other]) yield* node.stop
    })
  )
})

describe("a node that starts", () => {
  it.effect("on a disk that has told of more is refused, with how much", () =>
    Effect.gen(function* () {
      const { start, started } = yield* cluster
      const other = yield* started("n2", 5)
      other.presence.hearFrames(replica("n1"), 40)
      const { starting, stop } = yield* start("n1", 39)
      yield* pass(300)
      const failure = yield* failureOf(starting)
      assert.strictEqual(failure?._tag, "StorageRolledBack")
      assert.match(failure?.message ?? "", /of n1 is an old copy.*to frame 39, and n2 has heard of 40/)
      yield* stop
      const equal = yield* started("n1", 40)
      assert.deepStrictEqual(equal.presence.replicaOf(NodeId("n2")), replica("n2"))
      for (const node of [other, equal]) yield* node.stop
    })
  )

  it.effect("on a disk that has told of more is refused, whatever it has written since it was opened", () =>
    Effect.gen(function* () {
      const { start, started } = yield* cluster
      const other = yield* started("n2", 5)
      other.presence.hearFrames(replica("n1"), 40)
      const { starting, stop } = yield* start("n1", 39, 41)
      yield* pass(300)
      assert.strictEqual((yield* failureOf(starting))?._tag, "StorageRolledBack")
      yield* stop
      yield* other.stop
    })
  )

  it.effect("waits a second for those who have not spoken, and not where all have, or the disk is new", () =>
    Effect.gen(function* () {
      const { start } = yield* cluster
      const first = yield* start("n1", 7)
      const fresh = yield* start("n2", 0)
      yield* pass(300)
      assert.isUndefined(first.starting.pollUnsafe())
      assert.isDefined(fresh.starting.pollUnsafe())
      yield* pass(800)
      assert.isDefined(first.starting.pollUnsafe())
      const last = yield* start("n3", 7)
      yield* pass(300)
      assert.isDefined(last.starting.pollUnsafe())
      for (const { stop } of [first, fresh, last]) yield* stop
    })
  )

  it.effect("hears of its old copy from whoever starts after it, or hears it beat", () =>
    Effect.gen(function* () {
      const { started } = yield* cluster
      const old = yield* started("n1", 10)
      const ended = yield* Effect.forkChild(old.presence.failure)
      const other = yield* started("n2", 5)
      yield* pass(10)
      assert.isUndefined(ended.pollUnsafe())
      other.floors.raise(replica("n1"), 11)
      other.presence.hearFrames(replica("n1"), 10)
      yield* pass(10)
      assert.strictEqual((yield* failureOf(ended))?._tag, "StorageRolledBack")
      for (const { stop } of [old, other]) yield* stop
    })
  )

  it.effect("passes on what it has heard of others", () =>
    Effect.gen(function* () {
      const { started } = yield* cluster
      const one = yield* started("n1", 10)
      one.presence.hearFrames(replica("n3"), 77)
      one.presence.hearFrames({ ...replica("n3"), node: NodeId("stranger") }, 99)
      const two = yield* started("n2", 10)
      assert.deepStrictEqual(two.floors.all, [{ of: replica("n3"), frames: 77 }])
      for (const { stop } of [one, two]) yield* stop
    })
  )

  it.effect("writes nothing on an old copy: started often enough, that would come to be the newer one", () =>
    Effect.gen(function* () {
      const { start, started } = yield* cluster
      const other = yield* started("n2", 5)
      other.presence.hearFrames(replica("n3"), 300)
      other.presence.hearFrames(replica("n1"), 40)
      const { starting, floors, wal, stop } = yield* start("n1", 39)
      const before = wal.stats().frames
      yield* pass(300)
      assert.strictEqual((yield* failureOf(starting))?._tag, "StorageRolledBack")
      assert.strictEqual(floors.of(replica("n3")), 300)
      assert.deepStrictEqual([wal.stats().frames, wal.stats().stagedRecords], [before, 0])
      yield* stop
      yield* other.stop
    })
  )

  it.effect(
    "of an older version does not tell how far its disk is, and is not told for ever that it is old",
    () =>
      Effect.gen(function* () {
        const { started } = yield* cluster
        const one = yield* started("n1", 10)
        const two = yield* started("n2", 10)
        const ended = yield* Effect.forkChild(two.presence.failure)
        one.presence.hearFrames(replica("n2"), 11)
        one.presence.hearFrames(replica("n2"), 0)
        yield* pass(10)
        assert.isUndefined(ended.pollUnsafe())
        for (const { stop } of [one, two]) yield* stop
      })
  )

  it.effect("is answered by each of the others, and the answers go to it alone", () =>
    Effect.gen(function* () {
      const { started, overhear } = yield* cluster
      const first = yield* started("n1", 10)
      const second = yield* started("n2", 10)
      const { hello, helloTo } = subjectsOf("c")
      const [toAll, toIt] = [yield* overhear(hello), yield* overhear(helloTo(NodeId("n3")))]
      const third = yield* started("n3", 10)
      assert.deepStrictEqual([toAll(), toIt()], [2, 4])
      assert.deepStrictEqual(third.presence.replicaOf(NodeId("n1")), replica("n1"))
      assert.deepStrictEqual(first.presence.replicaOf(NodeId("n3")), replica("n3"))
      for (const { stop } of [first, second, third]) yield* stop
    }).pipe(Effect.scoped)
  )

  it.effect("under a name that is taken is refused", () =>
    Effect.gen(function* () {
      const { start, started } = yield* cluster
      const first = yield* started("n1", 0)
      const second = yield* start("n1", 0)
      yield* pass(300)
      assert.strictEqual((yield* failureOf(second.starting))?._tag, "DuplicateNode")
      for (const { stop } of [first, second]) yield* stop
    })
  )
})
