/**
 * The write-ahead log from outside: what is synced is durable, in order, whatever the batches; and refusals
 * are plain.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import type { Wal } from "./wal.ts"
import { openSmall, syncOf } from "./wal-kit.ts"

const bodyOf = (sizeBytes: number, fill: number) => new Uint8Array(sizeBytes).fill(fill)

const framesOf = (wal: Wal) => {
  const frames: Array<ReadonlyArray<WalRecord>> = []
  for (let position = wal.stats().startPosition; ; ) {
    const frame = wal.readFrame(position)
    if (frame === undefined) return frames
    frames.push(frame.records)
    position = frame.next
  }
}

describe("group commit", () => {
  it.effect("a sync with nothing staged calls back before it returns, at the start of an empty log", () =>
    Effect.gen(function* () {
      const wal = yield* openSmall(new MemoryDisk())
      let told: number | undefined
      wal.sync((_, position) => {
        told = position
      })
      assert.strictEqual(told, wal.stats().startPosition)
    })
  )

  it.effect("what is staged while a write is under way becomes one frame", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk)
      disk.holdWrites()
      const order: Array<string> = []
      for (let index = 0; index < 5; index++) {
        wal.append(index, index, [bodyOf(10, index)])
        wal.sync((_, position) => order.push(`${index} in the frame at ${position}`))
      }
      assert.deepStrictEqual(order, [])
      disk.completeWrites()
      assert.deepStrictEqual(order, ["0 in the frame at 4096"])
      disk.completeWrites()
      const second = 4096 + 24 + 7 + 10
      assert.deepStrictEqual(
        order.slice(1),
        [1, 2, 3, 4].map((index) => `${index} in the frame at ${second}`)
      )
      assert.deepStrictEqual(
        framesOf(wal).map((records) => records.map((record) => record.type)),
        [[0], [1, 2, 3, 4]]
      )
    })
  )

  it.effect("the position is that of the frame with the first record since the sync before", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk, [], { segmentBytes: 1 << 16 })
      disk.holdWrites()
      const positions: Array<number> = []
      wal.append(1, 0, [bodyOf(100, 1)])
      wal.sync((_, position) => positions.push(position))
      for (let index = 0; index < 12; index++) wal.append(2, 0, [bodyOf(200, 2)])
      wal.sync((_, position) => positions.push(position))
      wal.append(3, 0, [bodyOf(8, 3)])
      for (let index = 0; index < 12; index++) wal.append(4, 0, [bodyOf(200, 4)])
      disk.stopHolding()
      wal.sync((_, position) => positions.push(position))
      wal.sync((_, position) => positions.push(position))
      const types = positions.map((position) => wal.readFrame(position)?.records.map((record) => record.type))
      assert.deepStrictEqual(
        types.map((found) => found?.[0]),
        [1, 2, 2, 4]
      )
      assert.isTrue(types[2]?.includes(3))
    })
  )

  it.effect(
    "a waiter that stages and syncs again, a hundred thousand times over, does not grow the stack",
    () =>
      Effect.gen(function* () {
        const wal = yield* openSmall(new MemoryDisk(), [], { segmentBytes: 64 << 20 })
        let count = 0
        const again = () => {
          count += 1
          if (count === 100_000) return
          wal.append(1, 0, [bodyOf(1, 1)])
          wal.sync(again)
        }
        again()
        assert.strictEqual(count, 100_000)
      })
  )

  it.effect(
    "waiters are told in the order of their calls, those who call while others are told included",
    () =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        const wal = yield* openSmall(disk)
        disk.holdWrites()
        const order: Array<number> = []
        wal.append(1, 0, [bodyOf(1, 1)])
        wal.sync(() => {
          order.push(1)
          wal.sync(() => order.push(3))
        })
        wal.sync(() => order.push(2))
        disk.stopHolding()
        assert.deepStrictEqual(order, [1, 2, 3])
      })
  )

  it.effect("a record that the format cannot hold is refused where it is staged", () =>
    Effect.gen(function* () {
      const wal = yield* openSmall(new MemoryDisk())
      assert.throws(() => wal.append(256, 0, []), /type of a log record/)
      assert.throws(() => wal.append(0, 65536, []), /group of a log record/)
      assert.throws(() => wal.append(0, 0, [bodyOf(4066, 0)]), /4065 bytes at most/)
      wal.append(255, 65535, [bodyOf(4065, 9)])
      yield* syncOf(wal)
      assert.deepStrictEqual(framesOf(wal), [[{ type: 255, group: 65535, body: bodyOf(4065, 9) }]])
    })
  )
})

describe("segments", () => {
  it.effect("the log rolls from segment to segment under load and reads back across them", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk)
      for (let index = 0; index < 300; index++) {
        wal.append(index % 256, index, [bodyOf(index % 90, index), bodyOf(3, 7)])
        if (index % 3 === 0) yield* syncOf(wal)
      }
      yield* syncOf(wal)
      const records = framesOf(wal).flat()
      assert.deepStrictEqual(
        records.map((record) => record.group),
        Array.from({ length: 300 }, (_, index) => index)
      )
      assert.deepStrictEqual(records[89]?.body, Uint8Array.from([...bodyOf(89, 89), 7, 7, 7]))
      assert.isAbove(wal.stats().segments, 4)
    })
  )

  it.effect("a burst larger than what is preallocated waits for segments instead of failing", () =>
    Effect.gen(function* () {
      const wal = yield* openSmall(new MemoryDisk())
      for (let index = 0; index < 100; index++) wal.append(1, index, [bodyOf(1000, index)])
      let told = false
      wal.sync(() => {
        told = true
      })
      assert.isFalse(told)
      assert.isAbove(wal.stats().stagedRecords, 0)
      yield* syncOf(wal)
      assert.isTrue(told)
      assert.strictEqual(framesOf(wal).flat().length, 100)
    })
  )

  it.effect("the next segment is there before the current one is full", () =>
    Effect.gen(function* () {
      const wal = yield* openSmall(new MemoryDisk())
      for (let index = 0; index < 3; index++) wal.append(1, 0, [bodyOf(900, 1)])
      yield* syncOf(wal)
      for (let turn = 0; turn < 50 && wal.stats().segments === 1; turn++) yield* Effect.yieldNow
      assert.strictEqual(wal.stats().segments, 2)
      assert.isBelow(wal.stats().bytes, 4096)
    })
  )

  it.effect("frames of one byte and records of a megabyte come back as they were", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const options = { segmentBytes: 4 << 20, frameMaxBytes: 1 << 20 }
      const wal = yield* openSmall(disk, [], options).pipe(Scope.provide(scope))
      const sizes = [1, 1 << 20, 1, (1 << 20) + 1, 3 << 20, 1, 0, 1]
      for (const [index, sizeBytes] of sizes.entries()) {
        wal.append(1, index, [bodyOf(sizeBytes, index)])
        yield* syncOf(wal)
      }
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen, options)
      assert.deepStrictEqual(
        seen.map((record) => [record.body.length, record.body.every((byte) => byte === record.group)]),
        sizes.map((sizeBytes) => [sizeBytes, true])
      )
    })
  )

  it.effect("a segment of another size than asked for is read as it was made", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      for (let index = 0; index < 20; index++) wal.append(1, index, [bodyOf(900, index)])
      yield* syncOf(wal)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      const again = yield* openSmall(disk, seen, { segmentBytes: 1 << 20 })
      assert.strictEqual(seen.length, 20)
      assert.strictEqual(again.storageId, wal.storageId)
    })
  )
})
