/** Reading a log back after crashes: what was synced is there, in order, and nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import { drawing, isWhole, openSmall, segmentPath, settle, stage, syncOf } from "./wal-kit.ts"

describe("crashes", () => {
  // One history: lives that stage, sync and crash at random, also while the log is read back; each life must
  // see all that any life before was told of.
  const history = Effect.fnUntraced(function* (seed: number) {
    const draw = drawing(seed)
    const disk = new MemoryDisk()
    let stagedCount = 0
    let durableCount = 0
    for (let life = 0; life < 6; life++) {
      const seen: Array<WalRecord> = []
      if (draw(3) === 0) {
        disk.holdWrites()
        const opening = yield* Effect.forkChild(Effect.scoped(openSmall(disk)))
        for (let writes = draw(3); writes > 0; writes--) {
          yield* settle
          disk.completeWrites()
        }
        yield* settle
        disk.crash(() => draw(2) === 0)
        yield* Fiber.interrupt(opening)
      }
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk, seen).pipe(Scope.provide(scope))
      assert.isAtLeast(seen.length, durableCount, `seed ${seed}: synced records are missing`)
      assert.isAtMost(seen.length, stagedCount, `seed ${seed}: records nobody staged`)
      assert.isTrue(seen.every(isWhole), `seed ${seed}: a record is not as it was staged`)
      stagedCount = durableCount = seen.length
      disk.holdWrites()
      for (let step = draw(40); step > 0; step--) {
        for (let count = draw(5); count > 0; count--) stage(wal, stagedCount++, draw)
        const upTo = stagedCount
        if (draw(3) > 0) {
          wal.sync((failure) => {
            if (failure === undefined) durableCount = Math.max(durableCount, upTo)
          })
        }
        if (draw(2) === 0) disk.completeWrites()
        if (draw(3) === 0) yield* settle
      }
      const style = draw(4)
      disk.crash((sector) =>
        style === 0 ? false : style === 1 ? true : style === 2 ? sector < 1 : draw(2) === 0
      )
      yield* Scope.close(scope, Exit.void)
    }
    return stagedCount
  })

  it.effect(
    "over 100 histories of crashes with lost, torn and whole last writes, no synced record is lost",
    () =>
      Effect.gen(function* () {
        let total = 0
        for (let seed = 0; seed < 100; seed++) total += yield* history(seed)
        assert.isAbove(total, 3_000)
      })
  )

  it.effect("a torn tail is cut for good: its bytes are zero afterwards, and the log goes on over it", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(100).fill(1)])
      wal.sync(() => undefined)
      const { endPosition } = wal.stats()
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(900).fill(2)])
      wal.sync(() => assert.fail("it was not durable"))
      disk.crash((sector) => sector !== 1)
      yield* Scope.close(scope, Exit.void)
      const segment = disk.bytesOf(segmentPath(1))
      assert.isTrue(segment.subarray(endPosition - 4096).some((byte) => byte !== 0))
      const seen: Array<WalRecord> = []
      const again = yield* openSmall(disk, seen)
      assert.strictEqual(seen.length, 1)
      assert.isTrue(segment.subarray(endPosition - 4096).every((byte) => byte === 0))
      again.append(1, 2, [new Uint8Array(50).fill(3)])
      again.sync(() => undefined)
      assert.strictEqual(again.readFrame(endPosition)?.records[0]?.group, 2)
    })
  )

  it.effect("a torn frame at the beginning of a segment is cut, too", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(3900).fill(1)])
      yield* syncOf(wal)
      yield* settle
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(900).fill(2)])
      wal.sync(() => assert.fail("it was not durable"))
      assert.strictEqual(disk.heldWriteCount(), 1)
      disk.crash((sector) => sector === 1)
      yield* Scope.close(scope, Exit.void)
      const second = disk.bytesOf(segmentPath(2))
      assert.isTrue(second.some((byte) => byte !== 0))
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen)
      assert.strictEqual(seen.length, 1)
      assert.isTrue(second.every((byte) => byte === 0))
    })
  )

  it.effect(
    "the last frame is written once more on opening, as a killed process may have left it in a cache only",
    () =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const wal = yield* openSmall(disk)
            stage(wal, 0, drawing(1))
            yield* syncOf(wal)
            stage(wal, 1, drawing(2))
            yield* syncOf(wal)
          })
        )
        const before = disk.bytesOf(segmentPath(1)).slice()
        const writesBefore = disk.writeCount
        yield* openSmall(disk)
        assert.strictEqual(disk.writeCount, writesBefore + 1)
        assert.deepStrictEqual(disk.bytesOf(segmentPath(1)), before)
      })
  )

  it.effect("a preallocation that a crash cut short is made again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      disk.replaceNow(segmentPath(2), new Uint8Array(1000))
      const wal = yield* openSmall(disk)
      assert.deepStrictEqual(
        disk.paths().filter((path) => path.endsWith(".log")),
        [segmentPath(1)]
      )
      for (let index = 0; index < 20; index++) wal.append(1, index, [new Uint8Array(900)])
      let failed: boolean | undefined
      wal.sync((failure) => {
        failed = failure !== undefined
      })
      for (let turn = 0; turn < 500 && failed === undefined; turn++) yield* Effect.yieldNow
      assert.strictEqual(failed, false)
    })
  )

  it.effect("user bytes that are a copy of a frame do not pass for one", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(40).fill(1)])
      wal.sync(() => undefined)
      const frame = disk.bytesOf(segmentPath(1)).slice(0, 71)
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(600), frame, frame, new Uint8Array(200).fill(7)])
      wal.sync(() => undefined)
      disk.crash((sector) => sector === 1)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* openSmall(disk, seen)
      assert.deepStrictEqual(
        seen.map((record) => record.group),
        [0]
      )
    })
  )
})
