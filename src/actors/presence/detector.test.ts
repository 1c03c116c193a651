/** Nodes on one bus: who stops beating is suspected by the others, and trusted when it beats again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { NodeId, StorageId } from "../../protocol/ids.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { makeNodeContext } from "../node/context.ts"
import { spawnDetector } from "./detector.ts"

const nodes = ["n1", "n2", "n3"]
const settings = { heartbeatIntervalMs: 50, failureTimeoutMs: 250 }
const [n1, n2, n3] = nodes.map((name) => NodeId(name)) as [NodeId, NodeId, NodeId]

const cluster = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const start = Effect.fnUntraced(function* (node: NodeId, storage = "s") {
    const scope = yield* Scope.make()
    return yield* Effect.gen(function* () {
      const self = { node, storage: StorageId(storage) }
      const bus = yield* exchange.connect
      const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, bus)
      const { detector } = yield* spawnDetector(context, nodes, settings, () => 0)
      for (const other of nodes.filter((name) => name !== node)) {
        yield* context.listen(context.subjects.from(NodeId(other)), detector.take)
      }
      return { detector, stop: Scope.close(scope, Exit.void) }
    }).pipe(Effect.provideService(Scope.Scope, scope))
  })
  return { start }
})

/** In small steps: a jump would look like a stall of everybody. */
const pass = (ms: number) => Effect.replicateEffect(TestClock.adjust(10), ms / 10, { discard: true })

describe("the detectors of a cluster", () => {
  it.effect("suspect a node that stopped, and only that one, within the failure timeout", () =>
    Effect.gen(function* () {
      const { start } = yield* cluster
      const [one, two, three] = [yield* start(n1), yield* start(n2), yield* start(n3)]
      const told: Array<string> = []
      one.detector.onSuspect((node) => told.push(`suspect ${node}`))
      const withdraw = one.detector.onTrust((node) => told.push(`trust ${node}`))
      yield* pass(1000)
      assert.deepStrictEqual(told, [])
      assert.isDefined(one.detector.rttMs(n2))
      yield* two.stop
      yield* pass(270)
      assert.deepStrictEqual(told, ["suspect n2"])
      assert.isTrue(one.detector.suspects(n2) && three.detector.suspects(n2))
      assert.isFalse(one.detector.suspects(n3) || one.detector.suspects(n1))
      const again = yield* start(n2, "other")
      yield* pass(60)
      assert.deepStrictEqual(told, ["suspect n2", "trust n2"])
      withdraw()
      assert.isFalse(one.detector.suspects(n2))
      // It runs, but it is not the replica that it was.
      assert.isTrue(one.detector.misses({ node: n2, storage: StorageId("s") }))
      assert.isFalse(one.detector.misses({ node: n2, storage: StorageId("other") }))
      for (const { stop } of [one, again, three]) yield* stop
    })
  )

  it.effect("tell how long ago each was heard", () =>
    Effect.gen(function* () {
      const { start } = yield* cluster
      const one = yield* start(n1)
      yield* start(n2)
      yield* pass(400)
      assert.isBelow(one.detector.heardAgoMs(n2), 60)
      assert.isAtLeast(one.detector.heardAgoMs(n3), 400)
      assert.deepInclude(one.detector.peers()[1], { node: "n3", suspected: true })
    })
  )
})
