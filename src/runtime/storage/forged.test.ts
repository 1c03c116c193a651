/** A torn tail whose bytes look like frames all over: it is cut as any other one, and soon. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { checksum } from "../checksum.ts"
import { MemoryDisk } from "./memory.ts"
import { Files } from "./port.ts"
import { FrameBuffer, frameHeaderBytes, frameSeed } from "./records.ts"
import { StretchChecksums } from "./stretch-checksums.ts"
import { openWal } from "./wal.ts"
import { drawing, segmentPath } from "./wal-kit.ts"

const segmentBytes = 4 << 20
const options = { directory: "node", clusterId: "c", segmentBytes }

/** Headers one behind the other, of frames that reach to about the end of the segment. */
const forged = (sizeBytes: number): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + 16 <= sizeBytes; at += 16) {
    view.setUint32(at, 0x4d4c5041, true)
    view.setUint32(at + 8, segmentBytes - 1000 - at, true)
    view.setUint32(at + 12, 1, true)
  }
  return bytes
}

/** The files of a disk, and how much was read of those that were opened. */
const counted = Effect.fnUntraced(function* (disk: MemoryDisk) {
  const files = Context.get(yield* Layer.build(disk.layer()), Files)
  const read = { bytes: 0 }
  const open: typeof files.open = (path) =>
    Effect.map(files.open(path), (file) => ({
      ...file,
      readSync: (offset, lengthBytes, into) => {
        const bytes = file.readSync(offset, lengthBytes, into)
        read.bytes += bytes.length
        return bytes
      }
    }))
  return { files: { ...files, open }, read }
})

/** A log of one frame, and behind it one of forged headers that a crash tore. */
const torn = Effect.fnUntraced(function* (sizeBytes: number) {
  const disk = new MemoryDisk()
  const scope = yield* Scope.make()
  const wal = yield* openWal(options, () => {}).pipe(Scope.provide(scope), Effect.provide(disk.layer()))
  wal.append(1, 0, [new Uint8Array(100).fill(1)])
  wal.sync(() => undefined)
  const tornFrom = wal.stats().endPosition - segmentBytes
  disk.holdWrites()
  wal.append(1, 0, [forged(sizeBytes)])
  wal.sync(() => undefined)
  disk.crash((sector) => sector !== 1)
  yield* Scope.close(scope, Exit.void)
  return { disk, tornFrom }
})

describe("bytes that look like frames", () => {
  it.effect("in a torn tail are each looked at, and not each read as far as it says to reach", () =>
    Effect.gen(function* () {
      const { disk, tornFrom } = yield* torn(64 << 10)
      const { files, read } = yield* counted(disk)
      let records = 0
      yield* openWal(options, () => void records++).pipe(Effect.provideService(Files, files), Effect.scoped)
      assert.strictEqual(records, 1)
      assert.isTrue(
        disk
          .bytesOf(segmentPath(1))
          .subarray(tornFrom)
          .every((byte) => byte === 0)
      )
      // There are 4096 of them, and each reaches over 4 MB.
      assert.isBelow(read.bytes, 6 * segmentBytes)
    })
  )

  it.effect("do not hide a sound frame that stands behind them", () =>
    Effect.gen(function* () {
      const { disk } = yield* torn(8 << 10)
      const segment = disk.bytesOf(segmentPath(1))
      const at = 1_000_003
      const body = new Uint8Array(5000).fill(3)
      const frame = new FrameBuffer(8192)
      frame.begin(frameHeaderBytes + 7 + body.length)
      frame.add(1, 0, body.length, [body])
      const { salt } = JSON.parse(new TextDecoder().decode(disk.bytesOf("node/identity.json")))
      segment.set(frame.seal(3, frameSeed(salt, segmentBytes + at)), at)
      const failure = yield* openWal(options, () => {}).pipe(
        Effect.provide(disk.layer()),
        Effect.scoped,
        Effect.flip
      )
      assert.strictEqual(failure._tag, "StorageCorrupted")
      assert.match(failure.message, new RegExp(`frame 2 does not check, and a sound one follows at ${at}`))
    })
  )
})

describe("checksums of stretches", () => {
  it.effect("are those of their bytes, wherever they begin and end", () =>
    Effect.gen(function* () {
      const draw = drawing(3)
      const bytes = new Uint8Array(300_000).map(() => draw(256))
      const disk = new MemoryDisk()
      disk.replaceNow("f", bytes)
      const files = Context.get(yield* Layer.build(disk.layer()), Files)
      const start = 777
      const checksums = new StretchChecksums(yield* files.open("f"), start)
      const offsets = [start, start + 1024, start + 2048, bytes.length]
      for (let count = 0; count < 300; count++) offsets.push(start + draw(bytes.length - start))
      for (const from of offsets) {
        const to = offsets[draw(offsets.length)]!
        if (to < from) continue
        const seed = draw(2) === 0 ? 0 : (from * 0x9e3779b1) >>> 0
        assert.strictEqual(checksums.of(from, to, seed), checksum(bytes.subarray(from, to), seed))
      }
    })
  )
})
