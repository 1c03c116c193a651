/** What a node remembers of other disks: in memory at once, on its own disk soon, and never for ever more. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { NodeId, type Replica, StorageId } from "../../protocol/ids.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { makeCompaction } from "../log/compaction.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import type { Floors } from "./floors.ts"

const segmentBytes = 4096
const one = { node: NodeId("n2"), storage: StorageId("a") }
const two = { node: NodeId("n3"), storage: StorageId("b") }

/** One life of a node on a disk. */
const open = Effect.fnUntraced(function* (disk: MemoryDisk) {
  const config = yield* nodeConfig({ cluster: "c", node: "n1", nodes: ["n1"], data: "d" })
  const scope = yield* Scope.make()
  const opened = yield* openGroupLogs({ ...config, segmentBytes }).pipe(
    Scope.provide(scope),
    Effect.provide(disk.layer())
  )
  const stop = Scope.close(scope, Exit.void)
  return { ...opened, frames: () => opened.wal.stats().frames, stop }
})

/** A beat: what is raised is noted when it is time. */
const hear = (floors: Floors, of: Replica, frames: number, nowMs: number): void => {
  floors.raise(of, frames)
  floors.note(nowMs)
}

const known = (disk: MemoryDisk) =>
  Effect.gen(function* () {
    const { floors, stop } = yield* open(disk)
    yield* stop
    return [floors.of(one), floors.of(two)]
  })

describe("the floors of disks", () => {
  it.effect("rise, and never fall", () =>
    Effect.gen(function* () {
      const { floors, stop } = yield* open(new MemoryDisk())
      for (const frames of [5, 3, 9, 8]) hear(floors, one, frames, 0)
      assert.deepStrictEqual(floors.all, [{ of: one, frames: 9 }])
      assert.strictEqual(floors.of({ ...one, storage: StorageId("another") }), 0)
      yield* stop
    })
  )

  it.effect("are on the disk once a second, and survive a restart", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { floors, frames, stop } = yield* open(disk)
      const before = frames()
      hear(floors, one, 10, 0)
      for (let atMs = 1; atMs < 1000; atMs++) hear(floors, one, 10 + atMs, atMs)
      assert.strictEqual(frames(), before + 1)
      hear(floors, two, 70, 1000)
      assert.strictEqual(frames(), before + 2)
      yield* stop
      assert.deepStrictEqual(yield* known(disk), [1009, 70])
    })
  )

  it.effect("of idle nodes do not keep them writing, however many they are", () =>
    Effect.gen(function* () {
      const count = 5
      const nodes = yield* Effect.replicateEffect(
        Effect.suspend(() => open(new MemoryDisk())),
        count
      )
      const frames = () => nodes.map((node) => node.frames())
      const beats = (fromMs: number, toMs: number) => {
        for (let atMs = fromMs; atMs < toMs; atMs += 50)
          for (const [from, { frames }] of nodes.entries())
            for (const [to, { floors }] of nodes.entries()) {
              const of = { node: NodeId(`n${from}`), storage: StorageId(`disk ${from}`) }
              if (to !== from) hear(floors, of, frames(), atMs + from)
            }
      }
      beats(0, 20_000)
      const rested = frames()
      beats(20_000, 100_000)
      assert.deepStrictEqual(frames(), rested)
      // Two frames that a group writes are a note or two to each of the others, and that is all.
      const { wal } = nodes[0]!
      for (const _ of [1, 2]) {
        wal.append(255, 0, [new Uint8Array(1)])
        yield* wal.mark
      }
      beats(100_000, 200_000)
      for (const [at, written] of frames().entries()) assert.isAtMost(written - rested[at]!, at === 0 ? 4 : 2)
      for (const { stop } of nodes) yield* stop
    })
  )

  it.effect("survive the removal of the segment that they stand in", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { floors, wal, compacted, stop } = yield* open(disk)
      hear(floors, one, 10, 0)
      while (wal.stats().segments < 4) {
        wal.append(255, 0, [new Uint8Array(1000)])
        wal.sync(() => {})
        yield* Effect.yieldNow
      }
      const compaction = yield* Effect.provide(makeCompaction(compacted), disk.layer())
      assert.isAbove(yield* compaction, 0)
      yield* stop
      assert.deepStrictEqual(yield* known(disk), [10, 0])
    })
  )

  it.effect("are kept of the last eight disks of a node", () =>
    Effect.gen(function* () {
      const { floors, stop } = yield* open(new MemoryDisk())
      const disks = Array.from({ length: 12 }, (_, at) => ({ ...one, storage: StorageId(`disk ${at}`) }))
      for (const [at, disk] of disks.entries()) hear(floors, disk, 1 + at, 0)
      assert.deepStrictEqual(
        floors.all.map(({ frames }) => frames),
        [5, 6, 7, 8, 9, 10, 11, 12]
      )
      yield* stop
    })
  )

  it.effect("of the disk that a node came with last are forgotten last, although it is an old one", () =>
    Effect.gen(function* () {
      const { floors, stop } = yield* open(new MemoryDisk())
      const disks = Array.from({ length: 9 }, (_, at) => ({ ...one, storage: StorageId(`disk ${at}`) }))
      for (const disk of disks.slice(0, 8)) hear(floors, disk, 1, 0)
      hear(floors, disks[0]!, 2, 0)
      floors.raiseByHearsay(disks[1]!, 9)
      hear(floors, disks[8]!, 1, 0)
      assert.strictEqual(floors.of(disks[0]!), 2)
      assert.strictEqual(floors.of(disks[1]!), 0)
      yield* stop
    })
  )

  it.effect("are not pushed out by what others say of disks that are forgotten here", () =>
    Effect.gen(function* () {
      const nodes = [yield* open(new MemoryDisk()), yield* open(new MemoryDisk())] as const
      const disks = Array.from({ length: 10 }, (_, at) => ({ ...one, storage: StorageId(`disk ${at}`) }))
      for (const disk of disks.slice(0, 8)) hear(nodes[0].floors, disk, 5, 0)
      for (const disk of disks) hear(nodes[1].floors, disk, 5, 0)
      const remembered = nodes[1].floors.all
      for (const { of, frames } of nodes[0].floors.all) nodes[1].floors.raiseByHearsay(of, frames)
      assert.deepStrictEqual(nodes[1].floors.all, remembered)
      nodes[1].floors.raiseByHearsay(disks[9]!, 7)
      assert.strictEqual(nodes[1].floors.of(disks[9]!), 7)
      for (const { stop } of nodes) yield* stop
    })
  )

  it.effect("of two nodes whose data directories are copies of one are noted apart, and rest", () =>
    Effect.gen(function* () {
      const { floors, frames, stop } = yield* open(new MemoryDisk())
      const tell = (atMs: number) => {
        hear(floors, one, 10, atMs)
        hear(floors, { ...two, storage: one.storage }, 90, atMs)
      }
      for (let atMs = 0; atMs < 3000; atMs += 100) tell(atMs)
      const rested = frames()
      for (let atMs = 3000; atMs < 30_000; atMs += 100) tell(atMs)
      assert.strictEqual(frames(), rested)
      yield* stop
    })
  )

  it.effect("of very many disks fit into the smallest log, and no name of a disk is too long for it", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { floors, wal, stop } = yield* open(disk)
      const nodeName = (at: number) => NodeId(`${"n".repeat(60)}${at}`)
      for (let at = 0; at < 400; at++) {
        const storage = StorageId(`${"s".repeat(32)}${at}`)
        hear(floors, { node: nodeName(at % 50), storage }, 2 ** 50 + at, 0)
      }
      hear(floors, { ...one, storage: StorageId("x".repeat(10_000)) }, 7, 1000)
      yield* wal.mark
      const told = floors.all
      assert.strictEqual(told.length, 400)
      yield* stop
      const again = yield* open(disk)
      assert.deepStrictEqual(again.floors.all, told)
      yield* again.stop
    })
  )
})

describe("a log", () => {
  it.effect("has no frames at first, whatever is written when it is opened", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const first = yield* open(disk)
      assert.deepStrictEqual([first.framesFound, first.frames()], [0, 1])
      yield* first.stop
      const second = yield* open(disk)
      assert.deepStrictEqual([second.framesFound, second.frames()], [1, 1])
      yield* second.stop
    })
  )
})
