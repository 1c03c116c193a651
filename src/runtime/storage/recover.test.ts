/** Reading a log back after crashes: what was synced is there, in order, and nothing else; other damage is reported. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { MemoryDisk } from "./memory.ts"
import type { WalRecord } from "./records.ts"
import { openWal, type Wal } from "./wal.ts"

const open = (disk: MemoryDisk, seen: Array<WalRecord> = []) =>
  openWal({ directory: "node", clusterId: "c", segmentBytes: 4096, frameMaxBytes: 1024 }, (record) =>
    seen.push({ ...record, body: record.body.slice() })
  ).pipe(Effect.provide(disk.layer()))

/** Draws whole numbers below a bound, the same ones for the same seed. */
const drawing = (seed: number) => {
  let state = seed * 7919 + 1
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** The record number `index` of a history: its number in the group, its body drawn from it. */
const stage = (wal: Wal, index: number, draw: (below: number) => number) => {
  const body = new Uint8Array(draw(8) === 0 ? draw(3000) : draw(120)).map((_, at) => index * 31 + at)
  wal.append(index % 256, index, [body.subarray(0, 5), body.subarray(5)])
}

const isWhole = (record: WalRecord, index: number) =>
  record.group === index &&
  record.type === index % 256 &&
  record.body.every((byte, at) => byte === ((index * 31 + at) & 255))

const settle = Effect.gen(function* () {
  for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
})

describe("crashes", () => {
  // One history: lives that stage, sync and crash at random, while the log is read back too; each next life must see all that any life before was told of.
  const history = Effect.fnUntraced(function* (seed: number) {
    const draw = drawing(seed)
    const disk = new MemoryDisk()
    let stagedCount = 0
    let durableCount = 0
    for (let life = 0; life < 6; life++) {
      const seen: Array<WalRecord> = []
      if (draw(3) === 0) {
        disk.holdWrites()
        const opening = yield* Effect.forkChild(Effect.scoped(open(disk)))
        for (let writes = draw(3); writes > 0; writes--) {
          yield* settle
          disk.completeWrites()
        }
        yield* settle
        disk.crash(() => draw(2) === 0)
        yield* Fiber.interrupt(opening)
      }
      const scope = yield* Scope.make()
      const wal = yield* open(disk, seen).pipe(Scope.provide(scope))
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
      const wal = yield* open(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(100).fill(1)])
      wal.sync(() => undefined)
      const { endPosition } = wal.stats()
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(900).fill(2)])
      wal.sync(() => assert.fail("it was not durable"))
      disk.crash((sector) => sector !== 1)
      yield* Scope.close(scope, Exit.void)
      const segment = disk.bytesOf("node/wal/000000000001.log")
      assert.isTrue(segment.subarray(endPosition - 4096).some((byte) => byte !== 0))
      const seen: Array<WalRecord> = []
      const again = yield* open(disk, seen)
      assert.strictEqual(seen.length, 1)
      assert.isTrue(segment.subarray(endPosition - 4096).every((byte) => byte === 0))
      again.append(1, 2, [new Uint8Array(50).fill(3)])
      again.sync(() => undefined)
      assert.strictEqual(again.readFrame(endPosition)?.records[0]?.group, 2)
    })
  )

  it.effect(
    "the last frame is written once more on opening, as a killed process may have left it in a cache only",
    () =>
      Effect.gen(function* () {
        const disk = new MemoryDisk()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const wal = yield* open(disk)
            stage(wal, 0, drawing(1))
            wal.sync(() => stage(wal, 1, drawing(2)))
            wal.sync(() => undefined)
          })
        )
        const before = disk.bytesOf("node/wal/000000000001.log").slice()
        const writesBefore = disk.writeCount
        yield* open(disk)
        assert.strictEqual(disk.writeCount, writesBefore + 1)
        assert.deepStrictEqual(disk.bytesOf("node/wal/000000000001.log"), before)
      })
  )

  it.effect("a preallocation that a crash cut short is made again", () =>
    Effect.gen(function* () {
      const disk = new MemoryDisk()
      yield* Effect.scoped(open(disk))
      disk.replaceNow("node/wal/000000000002.log", new Uint8Array(1000))
      const wal = yield* open(disk)
      assert.deepStrictEqual(
        disk.paths().filter((path) => path.endsWith(".log")),
        ["node/wal/000000000001.log"]
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
      const wal = yield* open(disk).pipe(Scope.provide(scope))
      wal.append(1, 0, [new Uint8Array(40).fill(1)])
      wal.sync(() => undefined)
      const frame = disk.bytesOf("node/wal/000000000001.log").slice(0, 71)
      disk.holdWrites()
      wal.append(1, 1, [new Uint8Array(600), frame, frame, new Uint8Array(200).fill(7)])
      wal.sync(() => undefined)
      disk.crash((sector) => sector === 1)
      yield* Scope.close(scope, Exit.void)
      const seen: Array<WalRecord> = []
      yield* open(disk, seen)
      assert.deepStrictEqual(
        seen.map((record) => record.group),
        [0]
      )
    })
  )
})

/** A disk with a log of several segments, and the offset and segment of the last frame. */
const filled = Effect.fnUntraced(function* () {
  const disk = new MemoryDisk()
  const draw = drawing(5)
  const last = yield* Effect.scoped(
    Effect.gen(function* () {
      const wal = yield* open(disk)
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

const segmentPath = (segment: number) => `node/wal/${String(segment).padStart(12, "0")}.log`

const refusal = (disk: MemoryDisk) => Effect.flip(Effect.scoped(open(disk)))

describe("damage", () => {
  it.effect("every single byte that changes before the last frame is noticed", () =>
    Effect.gen(function* () {
      const { disk, lastSegment, lastOffset } = yield* filled()
      for (let segment = 1; segment <= lastSegment; segment++) {
        const end = segment < lastSegment ? 4096 : lastOffset
        const step = segment === lastSegment ? 1 : 3
        for (let offset = segment % step; offset < end; offset += step) {
          disk.corruptByte(segmentPath(segment), offset)
          const failure = yield* refusal(disk)
          assert.strictEqual(failure._tag, "StorageCorrupted", `segment ${segment}, byte ${offset}`)
          disk.corruptByte(segmentPath(segment), offset)
        }
      }
      yield* open(disk)
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
      yield* open(disk)
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

  it.effect("a frame that rots while the log is open is noticed by the next reading of it", () =>
    Effect.gen(function* () {
      const { disk } = yield* filled()
      const wal = yield* open(disk)
      const { startPosition } = wal.stats()
      assert.isDefined(wal.readFrame(startPosition))
      disk.corruptByte(segmentPath(1), 40)
      assert.throws(() => wal.readFrame(startPosition), /no sound frame stands/)
      assert.throws(() => wal.readFrame(0), /the log begins at position 4096/)
    })
  )
})
