/** What a node remembers of other disks: in memory at once, on its own disk soon, and never for ever more. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { NodeId, StorageId } from "../protocol/ids.ts"
import { MemoryDisk } from "../runtime/storage/memory.ts"
import { makeCompaction } from "./compaction.ts"
import { nodeConfig } from "./node-config.ts"
import { openGroupLogs } from "./node-storage.ts"

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
      for (const frames of [5, 3, 9, 8]) floors.raise(one, frames, 0)
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
      floors.raise(one, 10, 0)
      for (let atMs = 1; atMs < 1000; atMs++) floors.raise(one, 10 + atMs, atMs)
      assert.strictEqual(frames(), before + 1)
      floors.raise(two, 70, 1000)
      assert.strictEqual(frames(), before + 2)
      yield* stop
      assert.deepStrictEqual(yield* known(disk), [1009, 70])
    })
  )

  it.effect("of two idle nodes do not keep each other writing", () =>
    Effect.gen(function* () {
      const nodes = [yield* open(new MemoryDisk()), yield* open(new MemoryDisk())] as const
      const tell = (atMs: number) => {
        nodes[0].floors.raise(two, nodes[1].frames(), atMs)
        nodes[1].floors.raise(one, nodes[0].frames(), atMs)
      }
      for (let atMs = 0; atMs < 10_000; atMs += 100) tell(atMs)
      const rested = nodes.map(({ frames }) => frames())
      for (let atMs = 10_000; atMs < 100_000; atMs += 100) tell(atMs)
      assert.deepStrictEqual(
        nodes.map(({ frames }) => frames()),
        rested
      )
      for (const { stop } of nodes) yield* stop
    })
  )

  it.effect("survive the removal of the segment that they stand in", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const { floors, wal, compacted, stop } = yield* open(disk)
      floors.raise(one, 10, 0)
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
      for (const [at, disk] of disks.entries()) floors.raise(disk, 1 + at, 0)
      assert.deepStrictEqual(
        floors.all.map(({ frames }) => frames),
        [5, 6, 7, 8, 9, 10, 11, 12]
      )
      yield* stop
    })
  )
})
