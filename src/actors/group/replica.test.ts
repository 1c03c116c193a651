/** A learner that is busy for long, with all that is said to it meanwhile, misses nothing that matters. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica } from "../../protocol/learner/replica.ts"
import { freezeReplica } from "../../protocol/learner/snapshot.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus, type BusShape } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { Files } from "../../runtime/storage/port.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import { makeNodeContext } from "../node/context.ts"
import { openSnapshotStore } from "../snapshots/store.ts"
import { serveSnapshots } from "../snapshots/transfer.ts"
import { spawnReplica } from "./replica.ts"

const kv = kvMachine as unknown as AnyMachine
const main = GroupId("main")

/** A node's context, log and snapshots. */
const place = Effect.fnUntraced(function* (bus: BusShape, node: string) {
  const disk = new MemoryDisk()
  const files = Context.get(yield* Layer.build(disk.layer()), Files)
  const config = yield* nodeConfig({ cluster: "c", node, nodes: ["n1", "n2"], data: "d" })
  const { logs } = yield* Effect.provideService(
    openGroupLogs({ ...config, segmentBytes: 65_536 }),
    Files,
    files
  )
  const store = yield* Effect.provideService(openSnapshotStore("d", "main", kv), Files, files)
  const self = { node: NodeId(node), storage: StorageId(node) }
  const { another: _, ...one } = bus
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, one)
  return { log: logs.get("main")!, store, context }
})

const pass = Effect.repeat(Effect.andThen(Effect.yieldNow, TestClock.adjust(5)), { times: 200 })

/** n2 has entries 1 to 5, n1 has a snapshot of slot 70; `fill` leaves no room until others have a turn. */
const busyReplica = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const server = yield* place(yield* exchange.connect, "n1")
  const { log, store, context } = yield* place(yield* exchange.connect, "n2")
  const frozen = freezeReplica("main", kv, { ...emptyReplica(kv), applied: Slot(70), atMs: 1 }, Ballot(2))
  const writing = yield* Effect.forkChild(server.store.write(frozen))
  yield* pass
  yield* Fiber.join(writing)
  yield* serveSnapshots(server.context, new Map([[main, { store: server.store, onLagging: () => {} }]]))
  for (let slot = 1; slot <= 5; slot++) {
    const run = { ballot: Ballot(1), first: Slot(slot), count: 1, atMs: slot, bytes: startedEntry(60_000) }
    log.persist({ _tag: "Appended", run })
  }
  log.sync(() => {})
  const spawned = yield* spawnReplica({
    name: "learner",
    group: main,
    machine: kv,
    log,
    context,
    store,
    snapshotBytes: 1 << 20,
    compact: Effect.void,
    onFailure: (failure) => assert.fail(failure.message),
    leads: () => true,
    askByRound: () => {}
  })
  const fill = () => {
    while (spawned.learn({ _tag: "Consider" })) {}
  }
  return { ...spawned, store, fill }
})

describe("a learner that is busy", () => {
  it.effect("applies in the end what it was told while it had no room for messages", () =>
    Effect.gen(function* () {
      const { replica, learn, fill } = yield* busyReplica
      learn({ _tag: "Apply", through: Slot(2), answer: false })
      fill()
      learn({ _tag: "Apply", through: Slot(5), answer: false })
      learn({ _tag: "Apply", through: Slot(4), answer: false })
      yield* pass
      assert.strictEqual(replica.applied, 5)
    })
  )

  it.effect("has room for ever so many words of what is chosen", () =>
    Effect.gen(function* () {
      const { actor, replica, learn } = yield* busyReplica
      for (let words = 0; words < 100_000; words++) learn({ _tag: "Apply", through: Slot(3), answer: false })
      assert.isTrue(learn({ _tag: "Consider" }))
      assert.isBelow(actor.mailbox.size, 10)
      yield* pass
      assert.strictEqual(replica.applied, 3)
    })
  )

  it.effect("takes no snapshot while it has no room, says so, and takes it when it is asked again", () =>
    Effect.gen(function* () {
      const { replica, install, fill, store } = yield* busyReplica
      const { receive } = store
      // Nobody else has a turn before what has come is to be installed.
      store.receive = (slot, fillFile) =>
        Effect.tap(receive.call(store, slot, fillFile), Effect.sync(fill)) as never
      const first = yield* Effect.forkChild(install(NodeId("n1"), () => true))
      yield* pass
      assert.strictEqual(replica.applied, 0)
      assert.isDefined(first.pollUnsafe(), "it waits for ever")
      assert.isFalse(yield* Fiber.join(first))
      assert.deepStrictEqual(store.held, [])
      store.receive = receive
      const second = yield* Effect.forkChild(install(NodeId("n1"), () => true))
      yield* pass
      assert.isTrue(yield* Fiber.join(second))
      assert.strictEqual(replica.applied, 70)
    })
  )
})
