/** A replica that learns takes what is chosen, in order, and nothing once it has promised. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { startedEntry } from "../protocol/entry.ts"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../protocol/ids.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus, type BusShape } from "../runtime/bus/port.ts"
import { MemoryDisk } from "../runtime/storage/memory.ts"
import { Files } from "../runtime/storage/port.ts"
import { askCatchUp, learnFromOthers, serveCatchUp } from "./catch-up.ts"
import type { GroupLog } from "./group-log.ts"
import { nodeConfig } from "./node-config.ts"
import { makeNodeContext } from "./node-context.ts"
import { openGroupLogs } from "./node-storage.ts"

const main = GroupId("main")

/** Runs of one entry each: slots 1 to 3 of ballot 1, 4 to 6 of ballot 2. */
const fill = (log: GroupLog): void => {
  for (let slot = 1; slot <= 6; slot++) {
    const run = {
      ballot: Ballot(slot <= 3 ? 1 : 2),
      first: Slot(slot),
      count: 1,
      atMs: slot,
      bytes: startedEntry(60_000)
    }
    log.persist({ _tag: "Appended", run })
  }
  log.sync(() => {})
}

/** A node's context on the bus, and an empty log on a disk of its own. */
const place = Effect.fnUntraced(function* (bus: BusShape, node: string) {
  const files = Context.get(yield* Layer.build(new MemoryDisk().layer()), Files)
  const config = yield* nodeConfig({
    cluster: "c",
    node,
    nodes: ["n1", "n2"],
    data: "/data",
    segmentBytes: 65_536
  })
  const { logs } = yield* Effect.provideService(openGroupLogs(config), Files, files)
  const self = { node: NodeId(node), storage: StorageId(node) }
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, bus)
  return { context, log: logs.get("main")! }
})

const twoPlaces = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const server = yield* place(yield* exchange.connect, "n1")
  const learner = yield* place(yield* exchange.connect, "n2")
  fill(server.log)
  const state = { chosen: Slot(4) }
  yield* serveCatchUp(server.context, new Map([[main, { log: server.log, chosen: () => state.chosen }]]))
  const applied: Array<number> = []
  const learning = yield* Effect.forkChild(
    learnFromOthers({
      context: learner.context,
      group: main,
      sources: ["nobody", "n1"],
      log: learner.log,
      apply: (through) => applied.push(through),
      onFailure: (failure) => assert.fail(failure.message)
    })
  )
  return { server, learner, state, applied, learning }
})

/** In small steps, between which everybody gets a turn. */
const pass = Effect.repeat(TestClock.adjust("50 millis"), { times: 60 })

describe("a learner", () => {
  it.effect("pulls what is chosen and nothing else, from the first node that answers", () =>
    Effect.gen(function* () {
      const { learner, state, applied } = yield* twoPlaces
      yield* pass
      assert.strictEqual(learner.log.last, Slot(4))
      assert.strictEqual(learner.log.chosen, Slot(4))
      assert.strictEqual(applied.at(-1), 4)
      assert.strictEqual(learner.log.ballotAt(Slot(4)), Ballot(2))
      state.chosen = Slot(9)
      yield* pass
      assert.deepStrictEqual([learner.log.last, applied.at(-1)], [Slot(6), 6])
    })
  )

  it.effect("leaves its log alone from its first promise on", () =>
    Effect.gen(function* () {
      const { learner, state, learning } = yield* twoPlaces
      yield* pass
      learner.log.persist({ _tag: "Promised", ballot: Ballot(3) })
      state.chosen = Slot(6)
      yield* pass
      assert.strictEqual(learner.log.last, Slot(4))
      yield* Fiber.join(learning)
    })
  )

  it.effect("is answered by anybody who has the entries, one at least, however little it asks for", () =>
    Effect.gen(function* () {
      const { learner } = yield* twoPlaces
      const { bus, subjects, codec } = learner.context
      const asking = { bus, subjects, codec, group: main, timeoutMs: 100 }
      const ask = (from: number, maxBytes: number) => askCatchUp(asking, NodeId("n1"), Slot(from), maxBytes)
      const answer = yield* ask(2, 1)
      assert.deepStrictEqual(
        answer?.runs.map(({ first }) => first),
        [Slot(2)]
      )
      assert.strictEqual((yield* ask(5, 1000))?.runs.length, 0)
    })
  )
})
