/** Snapshots of a group on a node's disk: made beside the commands, and what a restart makes of them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { kvMachine } from "../../machines/kv.ts"
import { Ballot, NodeId, Slot } from "../../protocol/ids.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import { emptyReplica } from "../../protocol/learner/replica.ts"
import { freezeReplica } from "../../protocol/learner/snapshot.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { makeCompaction } from "../log/compaction.ts"
import type { GroupLog } from "../log/group-log.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import type { RoleCrashed } from "../node/end-node.ts"
import { makeSnapshots } from "./snapshots.ts"
import { openSnapshotStore, restoreReplica } from "./store.ts"

const kv = kvMachine as unknown as AnyMachine
const smallSegmentBytes = 4096
const everyBytes = 1000

/** One group on a disk, restored, with snapshots of it every KB, in a scope of its own. */
const open = Effect.fnUntraced(function* (
  disk: MemoryDisk,
  machine: AnyMachine = kv,
  onFailure: (failure: RoleCrashed) => void = () => {},
  segmentBytes = smallSegmentBytes,
  onCompacted = () => {}
) {
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d" })
  const scope = yield* Scope.make()
  const opened = Effect.gen(function* () {
    const { logs, compacted, wal } = yield* openGroupLogs({
      ...config,
      segmentBytes,
      snapshotBytes: everyBytes
    })
    const log = logs.get("main")!
    const store = yield* openSnapshotStore("d", "main", machine)
    const replica = yield* restoreReplica(store, log)
    const compaction = yield* makeCompaction(compacted)
    const compact = Effect.andThen(Effect.orDie(compaction), Effect.sync(onCompacted))
    const snapshots = yield* makeSnapshots({ name: "s", log, store, everyBytes, compact, onFailure })
    return { log, store, replica, snapshots, wal, close: Scope.close(scope, Exit.void) }
  })
  return yield* opened.pipe(Scope.provide(scope), Effect.provide(disk.layer()))
})
type Opened = Effect.Success<ReturnType<typeof open>>

const durable = (log: GroupLog) => Effect.callback<void>((resume) => log.sync(() => resume(Effect.void)))

/** Appends and applies entries, as learner and acceptor do, letting snapshots be written. */
const goOn = Effect.fnUntraced(function* ({ log, replica, snapshots }: Opened, count: number) {
  for (let left = count; left > 0; left--) {
    const slot = Slot(log.last + 1)
    const run = { ballot: Ballot(1), first: slot, count: 1, atMs: slot, bytes: startedEntry(60_000) }
    log.persist({ _tag: "Appended", run })
    yield* durable(log)
    log.persist({ _tag: "Chosen", slot })
    replica.applied = slot
    replica.atMs = slot
    snapshots.consider(replica)
    for (let turn = 0; turn < 5; turn++) yield* Effect.yieldNow
    yield* TestClock.adjust(1)
  }
})

const snapshotFiles = (disk: MemoryDisk) => disk.paths().filter((path) => path.includes("/snapshots/"))

describe("snapshots", () => {
  it.effect("end the node where they can be written no more, for its log would grow for ever", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const split = () => {
        const parts: Iterable<unknown> = { [Symbol.iterator]: () => assert.fail("a reply that is none") }
        return parts
      }
      const machine = { ...kv, parts: { ...kv.parts!, split } }
      const opened = yield* open(new MemoryDisk(), machine, ({ message }) => void heard.push(message))
      yield* goOn(opened, 60)
      assert.deepStrictEqual(heard, ["s crashed: a reply that is none; the node stops, its log is sound"])
      yield* opened.close
    })
  )

  it.effect("keep the log short, and two of them: from the older one on the log is there", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 400)
      const [older, newer] = node.store.held
      assert.strictEqual(node.store.held.length, 2)
      assert.strictEqual(node.log.base.slot, older!.head.slot)
      assert.isAbove(newer!.head.slot, older!.head.slot)
      assert.isAtMost(node.wal.stats().segments, 4)
      assert.strictEqual(snapshotFiles(disk).length, 2)
      yield* node.close
    })
  )

  it.effect("are made when the log has grown by so much, and not before, in large segments too", () =>
    Effect.gen(function* () {
      const node = yield* open(new MemoryDisk(), kv, undefined, 1 << 20)
      const slots = new Set<number>()
      for (let entries = 0; entries < 400; entries++) {
        yield* goOn(node, 1)
        for (const { head } of node.store.held) slots.add(head.slot)
      }
      const most = node.log.bytes / everyBytes
      assert.isAtMost(slots.size, Math.ceil(most * 1.2))
      assert.isAtLeast(slots.size, Math.floor(most / 2))
      yield* node.close
    })
  )

  it.effect("that nothing new can be made for are not demanded for ever by the compaction behind them", () =>
    Effect.gen(function* () {
      let compactions = 0
      let demand = () => {}
      const onCompacted = () => {
        compactions++
        demand()
      }
      const node = yield* open(new MemoryDisk(), kv, undefined, undefined, onCompacted)
      yield* goOn(node, 20)
      // As for a group whose log has a long end that is not chosen: no snapshot frees what that keeps.
      demand = node.snapshots.demand
      compactions = 0
      demand()
      for (let turn = 0; turn < 500; turn++) {
        node.snapshots.consider(node.replica)
        yield* Effect.yieldNow
      }
      assert.strictEqual(compactions, 1)
      assert.strictEqual(node.log.base.slot, node.replica.applied)
      yield* node.close
    })
  )

  it.effect("from elsewhere replace those of the disk when the log on the disk begins behind them", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 100)
      const held = node.store.held.length
      const slot = Slot(node.log.last + 100)
      const ahead = { ...node.replica, applied: slot, atMs: slot }
      const { head } = yield* node.store.write(freezeReplica("main", kv, ahead, Ballot(1)))
      disk.holdWrites()
      node.log.persist({ _tag: "Rewritten", base: { slot, ballot: head.ballot, atMs: slot }, runs: [] })
      const installing = yield* Effect.forkChild(node.snapshots.installed)
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
      assert.strictEqual(snapshotFiles(disk).length, held + 1)
      disk.stopHolding()
      yield* Fiber.join(installing)
      assert.strictEqual(snapshotFiles(disk).length, 1)
      yield* node.close
      const again = yield* open(disk)
      assert.strictEqual(again.replica.applied, slot)
      yield* again.close
    })
  )

  it.effect("are where a restart begins", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 400)
      yield* node.close
      const again = yield* open(disk)
      assert.strictEqual(again.replica.applied, again.store.newest!.head.slot)
      assert.deepStrictEqual([again.log.first, again.log.last], [node.log.first, Slot(400)])
      yield* again.close
    })
  )

  it.effect("that are damaged give way to the older one; without any the replica does not start", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 400)
      const [older, newer] = node.store.held
      yield* node.close
      disk.corruptByte(newer!.path, newer!.sizeBytes - 20)
      const again = yield* open(disk)
      assert.strictEqual(again.replica.applied, older!.head.slot)
      assert.deepStrictEqual(snapshotFiles(disk), [older!.path])
      yield* again.close
      disk.corruptByte(older!.path, 40)
      const failure = yield* Effect.flip(open(disk))
      assert.strictEqual(failure._tag, "StorageCorrupted")
      assert.include(failure.message, "no sound snapshot reaches it")
    })
  )

  it.effect("of another version of the machine are refused with both named", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 100)
      yield* node.close
      const failure = yield* Effect.flip(open(disk, { ...kv, version: 2 }))
      assert.strictEqual(failure._tag, "SnapshotRefused")
      assert.match(failure.message, /kv 1 of group main, and this node runs the machine kv 2/)
    })
  )

  it.effect("that find no room leave everything as it is, say so, and are tried again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      disk.failParts("full")
      yield* goOn(node, 100)
      assert.deepStrictEqual(node.store.held, [])
      assert.strictEqual(node.log.first, 1)
      assert.match(node.snapshots.status().problem!, /no snapshot of group main .*: the disk is full/)
      disk.failParts(undefined)
      yield* TestClock.adjust(5000)
      yield* goOn(node, 100)
      assert.isAbove(node.store.newest!.head.slot, 100)
      assert.isUndefined(node.snapshots.status().problem)
      yield* node.close
    })
  )

  it.effect("on demand are made at once, and the log is cut through all of them", () =>
    Effect.gen(function* () {
      const node = yield* open(new MemoryDisk())
      yield* goOn(node, 5)
      node.snapshots.demand()
      node.snapshots.consider(node.replica)
      for (let turn = 0; turn < 10; turn++) yield* Effect.andThen(TestClock.adjust(1), Effect.yieldNow)
      assert.deepStrictEqual([node.log.first, node.log.last], [Slot(6), Slot(5)])
      assert.strictEqual(node.store.newest!.head.slot, 5)
      yield* node.close
    })
  )

  it.effect("are kept, and the log behind them, for whoever catches up, but not for ever", () =>
    Effect.gen(function* () {
      const node = yield* open(new MemoryDisk())
      yield* goOn(node, 100)
      const pulled = node.store.newest!.head.slot
      node.snapshots.lags(NodeId("n2"), pulled)
      yield* goOn(node, 35)
      assert.isAbove(node.store.newest!.head.slot, pulled)
      assert.isAtMost(node.log.base.slot, pulled)
      node.snapshots.lags(NodeId("n2"), Slot(pulled + 30))
      yield* goOn(node, 35)
      assert.isAbove(node.log.base.slot, pulled)
      assert.isAtMost(node.log.base.slot, pulled + 30)
      node.snapshots.lags(NodeId("n2"), node.log.base.slot)
      yield* TestClock.adjust(6000)
      const before = node.log.base.slot
      yield* goOn(node, 100)
      assert.isAbove(node.log.base.slot, before)
      yield* node.close
    })
  )

  it.effect("whose log was not begun behind them yet are forgotten", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const node = yield* open(disk)
      yield* goOn(node, 3)
      const ahead = { ...emptyReplica(kv), applied: Slot(50) }
      yield* node.store.write(freezeReplica("main", kv, ahead, Ballot(1)))
      yield* node.close
      const again = yield* open(disk)
      assert.strictEqual(again.replica.applied, 0)
      assert.deepStrictEqual(snapshotFiles(disk), [])
      yield* again.close
    })
  )
})
