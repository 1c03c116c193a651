/** Rot in a log: told by the node that starts on it, or in the last frame and taken for a torn write. */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { openWal } from "../../runtime/storage/wal.ts"
import { flipBit } from "./bit-rot.ts"
import { onDisk } from "./disk.test-support.ts"
import type { DiskImage } from "./image.ts"
import { isTold, lastFrameOf } from "./last-frame.ts"
import { sectorBytes } from "./sectors.ts"

const options = { directory: "/data", clusterId: "c", segmentBytes: 4096 }
const log = "/data/wal/000000000001.log"
const written = 3

/** The disk of a log with three frames: as a crash leaves it, and once it was noted how far the log goes. */
const images = onDisk({}, ({ disk }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const wal = yield* openWal(options, () => {})
      for (let index = 0; index < written; index++) {
        wal.append(1, index, [new Uint8Array(50)])
        yield* Effect.callback<void>((resume) => wal.sync(() => resume(Effect.void)))
      }
      const crashed = disk.snapshot()
      yield* wal.mark
      return { crashed, noted: disk.snapshot() }
    })
  )
).value

const bitAt = (path: string, offset: number) => ({
  path,
  sector: Math.floor(offset / sectorBytes),
  offset,
  mask: 4
})

/** Opens the log after this bit has flipped; undefined where it is refused, else how many records it has. */
const recordsAfter = (image: DiskImage, path: string, offset: number): number | undefined =>
  onDisk({}, ({ disk }) =>
    Effect.gen(function* () {
      disk.restore(image)
      flipBit(disk.image, bitAt(path, offset))
      let seen = 0
      const opened = yield* Effect.exit(Effect.scoped(openWal(options, () => void seen++)))
      return Exit.isSuccess(opened) ? seen : undefined
    })
  ).value

describe("rot in a log", () => {
  const { path, offset: start, end } = lastFrameOf(images.crashed)!

  it("is told in every frame but the last one, which is cut as if it were torn", () => {
    expect(path).toBe(log)
    for (let offset = 0; offset < end; offset += 5) {
      const told = isTold(images.crashed, bitAt(path, offset))
      expect(told, `${offset}`).toBe(offset < start)
      expect(recordsAfter(images.crashed, path, offset), `${offset}`).toBe(told ? undefined : written - 1)
    }
  })

  it("is told in the last frame, too, where it was noted how far the log goes", () => {
    for (let offset = start; offset < end; offset += 5) {
      expect(isTold(images.noted, bitAt(path, offset)), `${offset}`).toBe(true)
      expect(recordsAfter(images.noted, path, offset), `${offset}`).toBeUndefined()
    }
  })

  it("in the identity, by which frames are checked, is told", () => {
    const identity = "/data/identity.json"
    const { sizeBytes } = images.crashed.files.get(identity)!
    for (let offset = 0; offset < sizeBytes; offset += 5) {
      const rotten = images.crashed.copy()
      flipBit(rotten, bitAt(identity, offset))
      expect(isTold(rotten, bitAt(path, start)), `${offset}`).toBe(lastFrameOf(rotten)?.end !== end)
      expect(recordsAfter(images.crashed, identity, offset) ?? written, `${offset}`).toBe(written)
    }
  })
})
