/**
 * Reading a log back that was damaged: whatever a crash does not explain is reported, and the node must not
 * vote.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import { drawing, openSmall, segmentPath, settle, stage, syncOf } from "./wal-kit.ts"

/** A disk with a log of several segments, and the offset and segment of the last frame. */
const filled = Effect.fnUntraced(function* () {
  const disk = new MemoryDisk()
  const draw = drawing(5)
  const last = yield* Effect.scoped(
    Effect.gen(function* () {
      const wal = yield* openSmall(disk)
      let last = 0
      for (let index = 0; index < 60; index++) {
        stage(wal, index, draw)
        wal.sync((_, position) => {
          last = position
        })
        yield* settle
      }
      assert.isAbove(wal.stats().segments, 3)
      return last
    })
  )
  return { disk, lastSegment: Math.floor(last / 4096), lastOffset: last % 4096 }
})

const refusal = (disk: MemoryDisk) => Effect.flip(Effect.scoped(openSmall(disk)))

describe("damage", () => {
  it.effect("every single byte that changes before the last frame is noticed", () =>
    Effect.gen(function* () {
      const { disk, lastSegment, lastOffset } = yield* filled()
      for (let segment = 1; segment <= lastSegment; segment++) {
        const end = segment < lastSegment ? 4096 : lastOffset
        const step = segment === lastSegment ? 1 : 5
        for (let offset = segment % step; offset < end; offset += step) {
          disk.corruptByte(segmentPath(segment), offset)
          const failure = yield* refusal(disk)
          assert.strictEqual(failure._tag, "StorageCorrupted", `segment ${segment}, byte ${offset}`)
          disk.corruptByte(segmentPath(segment), offset)
        }
      }
      yield* openSmall(disk)
    })
  )

  it.effect("damage is reported with the file, the offset of the frame, and what to do", () =>
    Effect.gen(function* () {
      const { disk } = yield* filled()
      disk.corruptByte(segmentPath(1), 30)
      const failure = yield* refusal(disk)
      assert.match(failure.message, /000000000001.log is damaged at byte 0: frame 1 does not check/)
      assert.match(failure.message, /give the node an empty one/)
    })
  )

  it.effect("a zeroed sector in the middle is damage, not the end of the log", () =>
    Effect.gen(function* () {
      const { disk } = yield* filled()
      disk.bytesOf(segmentPath(2)).fill(0, 512, 1024)
      assert.strictEqual((yield* refusal(disk))._tag, "StorageCorrupted")
    })
  )

  it.effect(
    "a last segment that is all zeros, behind one that lost its tail, is damage only if it held frames",
    () =>
      Effect.gen(function* () {
        const { disk, lastSegment } = yield* filled()
        disk.bytesOf(segmentPath(lastSegment - 1)).fill(0)
        assert.strictEqual((yield* refusal(disk))._tag, "StorageCorrupted")
      })
  )

  it.effect("a missing or a shortened segment is named, be it the first, one between, or the last", () =>
    Effect.gen(function* () {
      const { disk, lastSegment } = yield* filled()
      for (const segment of [1, 2, lastSegment]) {
        const path = segmentPath(segment)
        const bytes = disk.bytesOf(path).slice()
        disk.removeNow(path)
        assert.match((yield* refusal(disk)).message, /is missing/)
        disk.replaceNow(path, bytes.slice(0, 4000))
        assert.match((yield* refusal(disk)).message, /should have 4096 bytes, and it has 4000/)
        disk.replaceNow(path, bytes)
      }
      yield* openSmall(disk)
    })
  )

  it.effect("a segment in the place of another, and one that the identity does not know, are damage", () =>
    Effect.gen(function* () {
      const { disk, lastSegment } = yield* filled()
      const second = disk.bytesOf(segmentPath(2)).slice()
      disk.replaceNow(segmentPath(2), disk.bytesOf(segmentPath(3)).slice())
      assert.strictEqual((yield* refusal(disk))._tag, "StorageCorrupted")
      disk.replaceNow(segmentPath(2), second)
      disk.replaceNow(segmentPath(lastSegment + 2), second)
      assert.match((yield* refusal(disk)).message, /identity.json does not count it/)
    })
  )

  it.effect("a sound frame from another past of the same directory is damage", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(openSmall(disk))
      const empty = disk.bytesOf(segmentPath(1)).slice()
      const unmarked = disk.bytesOf("node/identity.json").slice()
      const pastOf = (frameSizes: ReadonlyArray<number>) =>
        Effect.scoped(
          Effect.gen(function* () {
            disk.replaceNow(segmentPath(1), empty.slice())
            disk.replaceNow("node/identity.json", unmarked.slice())
            const wal = yield* openSmall(disk)
            for (const sizeBytes of frameSizes) {
              wal.append(1, 1, [new Uint8Array(sizeBytes - 31)])
              yield* syncOf(wal)
            }
            return disk.bytesOf(segmentPath(1)).slice()
          })
        )
      // The frames of 60 bytes begin at the same place, and are the second of one past and the third of the
      // other.
      const one = yield* pastOf([150, 60])
      const other = yield* pastOf([75, 75, 60])
      disk.replaceNow(segmentPath(1), Uint8Array.from([...one.subarray(0, 150), ...other.subarray(150)]))
      assert.match((yield* refusal(disk)).message, /frame 3 stands where frame 2 belongs/)
    })
  )

  it.effect("a log whose frames are all gone is damage, though what is left looks like a new one", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const wal = yield* openSmall(disk)
          wal.append(1, 1, [new Uint8Array(100)])
          yield* wal.mark
        })
      )
      disk.replaceNow(segmentPath(1), new Uint8Array(disk.bytesOf(segmentPath(1)).length))
      assert.match((yield* refusal(disk)).message, /the log ends here, and it had reached \d+ bytes more/)
    })
  )

  it.effect("a log that ends before what its directory noted is refused as it is: nothing of it is cut", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const wal = yield* openSmall(disk)
          wal.append(1, 1, [new Uint8Array(100).fill(1)])
          yield* wal.mark
        })
      )
      disk.corruptByte(segmentPath(1), 60)
      const damaged = disk.bytesOf(segmentPath(1)).slice()
      for (let opening = 0; opening < 2; opening++) {
        assert.match((yield* refusal(disk)).message, /the log ends here, and it had reached \d+ bytes more/)
        assert.deepStrictEqual(disk.bytesOf(segmentPath(1)), damaged)
      }
      disk.corruptByte(segmentPath(1), 60)
      yield* openSmall(disk)
    })
  )

  it.effect("rot in the last durable frame is no torn tail when a crash tears the frame behind it", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      const scope = yield* Scope.make()
      const wal = yield* openSmall(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(100).fill(1)])
      yield* syncOf(wal)
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(900).fill(2)])
      wal.sync(() => assert.fail("it was not durable"))
      disk.crash((sector) => sector === 1)
      yield* Scope.close(scope, Exit.void)
      disk.corruptByte(segmentPath(1), 60)
      const damaged = disk.bytesOf(segmentPath(1)).slice()
      assert.match(
        (yield* refusal(disk)).message,
        /frame 1 does not check, and something was written after it/
      )
      assert.deepStrictEqual(disk.bytesOf(segmentPath(1)), damaged)
      disk.corruptByte(segmentPath(1), 60)
      yield* openSmall(disk)
    })
  )

  it.effect("a frame that rots while the log is open is noticed by the next reading of it", () =>
    Effect.gen(function* () {
      const { disk } = yield* filled()
      const wal = yield* openSmall(disk)
      const { startPosition } = wal.stats()
      assert.isDefined(wal.readFrame(startPosition))
      disk.corruptByte(segmentPath(1), 40)
      assert.throws(() => wal.readFrame(startPosition), /no sound frame stands/)
      assert.throws(() => wal.readFrame(0), /the log begins at position 4096/)
    })
  )
})
