/** A snapshot goes from node to node whole, checked, over lost pieces; or nothing of it is taken. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica } from "../../protocol/learner/replica.ts"
import { freezeReplica } from "../../protocol/learner/snapshot.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus, type BusShape, BusUnavailable } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { makeNodeContext } from "../node/context.ts"
import { openSnapshotStore, type SnapshotStore } from "./store.ts"
import { pullSnapshot, serveSnapshots } from "./transfer.ts"

const kv = kvMachine as unknown as AnyMachine
const main = GroupId("main")

const place = Effect.fnUntraced(function* (bus: BusShape, node: string, machine: AnyMachine = kv) {
  const disk = new MemoryDisk()
  const store = yield* Effect.provide(openSnapshotStore("d", "main", machine), disk.layer())
  const self = { node: NodeId(node), storage: StorageId(node) }
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, bus)
  return { disk, store, context }
})

/** Replicas of several pieces: many keys, with bytes that do not shrink. */
const replicaAt = (slot: number) => {
  const replica = { ...emptyReplica(kv), applied: Slot(slot), atMs: slot }
  for (let key = 0; key < 8000; key++) {
    const command = { _tag: "Put", key: `key ${key}`, value: `${slot} `.repeat(20) }
    kv.apply(replica.machine, command, { slot: Slot(slot), atMs: 1, session: 1 as never })
  }
  return replica
}

const write = (store: SnapshotStore, slot: number) =>
  store.write(freezeReplica("main", kv, replicaAt(slot), Ballot(2)))

/** A bus that loses requests as `lose` says, by their count. */
const losing = (bus: BusShape, lose: (count: number) => boolean): BusShape => {
  let count = 0
  const request: BusShape["request"] = (subject, payload, timeoutMs) =>
    bus.request(lose(++count) ? "nobody" : subject, payload, timeoutMs)
  const { another: _, ...rest } = bus
  return { ...rest, request }
}

const twoPlaces = Effect.fnUntraced(function* (
  machine: AnyMachine = kv,
  lose = (_count: number) => false,
  serving = (bus: BusShape) => bus
) {
  const exchange = yield* makeMemoryExchange()
  const server = yield* place(serving(yield* exchange.connect), "n1")
  const client = yield* place(losing(yield* exchange.connect, lose), "n2", machine)
  const lagging: Array<Slot> = []
  const onLagging = (_from: unknown, through: Slot) => void lagging.push(through)
  yield* serveSnapshots(server.context, new Map([[main, { ...server, onLagging }]]))
  const pull = (from = 1) =>
    Effect.gen(function* () {
      const options = { context: client.context, group: main, store: client.store }
      const pulling = yield* Effect.forkChild(Effect.exit(pullSnapshot(options, NodeId("n1"), Slot(from))))
      for (let step = 0; step < 2000 && pulling.pollUnsafe() === undefined; step++)
        yield* Effect.andThen(Effect.yieldNow, TestClock.adjust(20))
      return yield* yield* Fiber.join(pulling)
    })
  const slow = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkChild(effect)
      for (let step = 0; step < 200 && running.pollUnsafe() === undefined; step++)
        yield* Effect.andThen(Effect.yieldNow, TestClock.adjust(100))
      return yield* Fiber.join(running)
    })
  return { server, client, pull, slow, lagging }
})

/** A bus that has one more connection from the second attempt on. */
const refusingOnce = (bus: BusShape): BusShape => {
  let attempts = 0
  const another = Effect.suspend(() =>
    ++attempts === 1 ? Effect.fail(new BusUnavailable({ reason: "it goes down" })) : Effect.succeed(bus)
  )
  return { ...bus, another }
}

const stateOf = (machine: unknown) => kv.forms.state.encode(machine)

describe("a snapshot between nodes", () => {
  it.effect("arrives though the connection for it could not be made at first", () =>
    Effect.gen(function* () {
      const { server, pull, slow } = yield* twoPlaces(kv, undefined, refusingOnce)
      yield* slow(write(server.store, 7))
      const pulled = yield* pull()
      assert.strictEqual(pulled?.stored.head.slot, 7)
    })
  )

  it.effect("arrives whole and is on the disk, though pieces are lost on the way", () =>
    Effect.gen(function* () {
      const { server, client, pull, slow } = yield* twoPlaces(kv, (count: number) => count % 3 === 1)
      yield* slow(write(server.store, 70))
      const pulled = yield* pull()
      assert.deepStrictEqual(stateOf(pulled!.replica.machine), stateOf(replicaAt(70).machine))
      assert.isAbove(pulled!.stored.sizeBytes, 500_000)
      const { head } = client.store.newest!
      assert.deepInclude(head, { slot: Slot(70), ballot: Ballot(2), atMs: 70 })
      const loaded = yield* slow(client.store.load(client.store.newest!))
      assert.deepStrictEqual(stateOf(loaded.machine), stateOf(replicaAt(70).machine))
    })
  )

  it.effect("is not pulled where it is no further on than what is here, or there is none", () =>
    Effect.gen(function* () {
      const { server, client, pull, slow } = yield* twoPlaces()
      assert.isUndefined(yield* pull())
      yield* slow(write(server.store, 70))
      assert.isUndefined(yield* pull(71))
      assert.deepStrictEqual(client.store.held, [])
      // One entry further is enough: nobody may have another one to give.
      assert.strictEqual((yield* pull(70))?.stored.head.slot, 70)
    })
  )

  it.effect("that is damaged at its source is not taken", () =>
    Effect.gen(function* () {
      const { server, client, pull, slow } = yield* twoPlaces()
      const { path, sizeBytes } = yield* slow(write(server.store, 70))
      server.disk.corruptByte(path, sizeBytes - 1000)
      const failure = yield* Effect.flip(pull())
      assert.strictEqual(failure._tag, "TransferFailed")
      assert.match(failure.message, /from n1: the checksum of a block does not hold/)
      assert.deepStrictEqual(client.store.held, [])
      assert.deepStrictEqual(
        client.disk.paths().filter((name) => name.includes("snapshots")),
        []
      )
    })
  )

  it.effect("of another version of the machine is refused with both named", () =>
    Effect.gen(function* () {
      const { server, pull, slow } = yield* twoPlaces({ ...kv, version: 7 })
      yield* slow(write(server.store, 70))
      const failure = yield* Effect.flip(pull())
      assert.strictEqual(failure._tag, "SnapshotRefused")
      assert.match(failure.message, /kv 1 of group main, and this node runs the machine kv 7/)
    })
  )

  it.effect("that finds no room leaves no trace", () =>
    Effect.gen(function* () {
      const { server, client, pull, slow } = yield* twoPlaces()
      yield* slow(write(server.store, 70))
      client.disk.failParts("full")
      const failure = yield* Effect.flip(pull())
      assert.deepInclude(failure, { _tag: "DiskFailed", full: true })
      client.disk.failParts(undefined)
      assert.isDefined(yield* pull())
    })
  )

  it.effect("stays at its source for as long as somebody pulls it", () =>
    Effect.gen(function* () {
      const { server, pull, slow } = yield* twoPlaces()
      yield* slow(write(server.store, 70))
      yield* pull()
      yield* slow(write(server.store, 80))
      yield* server.store.removeBefore(Slot(80))
      assert.strictEqual(server.store.held.length, 2)
      yield* TestClock.adjust("6 seconds")
      yield* server.store.removeBefore(Slot(80))
      assert.deepStrictEqual(
        server.store.held.map(({ head }) => head.slot),
        [Slot(80)]
      )
    })
  )
})
