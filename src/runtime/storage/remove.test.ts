/**
 * Removing the oldest segments of a log: what is left opens as before, and what is missing still is noticed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import type { Wal } from "./wal.ts"
import { openSmall, segmentPath, settle, syncOf } from "./wal-kit.ts"

/** Writes until the log has this many segments, a record of 500 bytes a frame; returns the positions. */
const fillTo = Effect.fnUntraced(function* (wal: Wal, segments: number) {
  const positions: Array<number> = []
  for (let index = 0; wal.stats().segments < segments; index++) {
    wal.append(1, index, [new Uint8Array(500).fill(index)])
    positions.push(yield* syncOf(wal))
    yield* settle
  }
  return positions
})

const walFiles = (disk: MemoryDisk) => disk.paths().filter((path) => path.endsWith(".log"))

describe("removing the oldest segments", () => {
  it.effect("leaves what stands behind them, over restarts too", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* Scope.provide(openSmall(disk), scope)
      const positions = yield* fillTo(wal, 5)
      const needed = positions.find((position) => position >= 3 * 4096)!
      assert.strictEqual(yield* wal.removeBefore(needed), 2)
      assert.deepStrictEqual(walFiles(disk)[0], segmentPath(3))
      assert.strictEqual(wal.stats().startPosition, 3 * 4096)
      assert.throws(() => wal.readFrame(4096), /the log begins at position 12288/)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      const again = yield* openSmall(disk, seen)
      const kept = positions.filter((position) => position >= needed).length
      assert.strictEqual(seen.length, kept)
      assert.strictEqual(seen.at(-1)!.group, positions.length - 1)
      assert.strictEqual(again.stats().frames, positions.length)
      again.append(1, 9999, [new Uint8Array(10)])
      assert.isAtLeast(yield* syncOf(again), positions.at(-1)!)
    })
  )

  it.effect("never takes the segment that is written to", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const wal = yield* openSmall(disk)
      yield* fillTo(wal, 4)
      const writing = Math.floor(wal.stats().endPosition / 4096)
      yield* wal.removeBefore(Number.MAX_SAFE_INTEGER)
      assert.isAtMost(Math.floor(wal.stats().startPosition / 4096), writing)
      wal.append(1, 1, [new Uint8Array(10)])
      yield* syncOf(wal)
    })
  )

  it.effect("that a crash cut short is completed by the next opening", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* Scope.provide(openSmall(disk), scope)
      yield* fillTo(wal, 5)
      const old = disk.bytesOf(segmentPath(1)).slice()
      yield* wal.removeBefore(4 * 4096)
      yield* Scope.close(scope, Exit.void)
      disk.replaceNow(segmentPath(1), old)
      const again = yield* openSmall(disk)
      assert.deepStrictEqual(walFiles(disk)[0], segmentPath(4))
      assert.strictEqual(again.stats().startPosition, 4 * 4096)
    })
  )

  it.effect("does not hide that the new first segment is gone, or that its first frame is damaged", () =>
    Effect.gen(function* () {
      for (const damage of ["gone", "rotten"] as const) {
        const disk = new MemoryDisk()
        const scope = yield* Scope.make()
        const wal = yield* Scope.provide(openSmall(disk), scope)
        yield* fillTo(wal, 5)
        yield* wal.removeBefore(4 * 4096)
        yield* Scope.close(scope, Exit.void)
        if (damage === "gone") disk.removeNow(segmentPath(4))
        else disk.corruptByte(segmentPath(4), 100)
        const opened = yield* Effect.flip(Effect.scoped(openSmall(disk)))
        assert.strictEqual(opened._tag, "StorageCorrupted")
      }
    })
  )
})
