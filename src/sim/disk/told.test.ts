/** What a node was told of a disk that breaks its contract, beside what the disk holds. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { openWal } from "../../runtime/storage/wal.ts"
import { flipBit } from "./bit-rot.ts"
import { filled, onDisk, sectorValues, type TestDisk, write } from "./disk.test-support.ts"
import { lastFrameOf } from "./last-frame.ts"
import { sectorBytes } from "./sectors.ts"
import type { DiskFaults } from "./settings.ts"
import { toldOf } from "./told.ts"
import { brokenLogOn, looksNew } from "./told-log.ts"

const path = "/data/log"
const size = 8 * sectorBytes

/** The first sectors of the file: as they are, and as the node was told. */
const contents = ({ disk }: TestDisk) => {
  const file = disk.image.files.get(path)!
  return { held: sectorValues(file.read(0, size)), told: sectorValues(toldOf(file).read(0, size)) }
}

const empty = Array.from({ length: 8 }, () => [0])
const withSevens = [[0], [0], [0], [7], [0], [0], [0], [0]]
const lying: Partial<DiskFaults> = {
  lyingSync: { rate: 1, lagMicros: { min: 1e9, max: 1e9 } },
  crashDamage: { kept: 0, lost: 1, torn: 0, stale: 0 }
}

describe("a disk that breaks its contract", () => {
  it("was told where a write was to go that went elsewhere", () => {
    const { value } = onDisk({ misdirectedWrite: { rate: 1, sectorsMax: 3 } }, (world) =>
      Effect.gen(function* () {
        yield* write(world.file, 3 * sectorBytes, filled(sectorBytes, 7))
        const before = contents(world)
        world.disk.mend()
        return { before, after: contents(world) }
      })
    )
    expect(value.before.told).toEqual(withSevens)
    expect(value.before.held).not.toEqual(withSevens)
    expect(value.after).toEqual({ held: withSevens, told: withSevens })
  })

  it("has said what is durable before it is, and its node was told so", () => {
    const { value } = onDisk(lying, (world) =>
      Effect.gen(function* () {
        const { disk, file, node } = world
        file.write(3 * sectorBytes, filled(sectorBytes, 7), () => {})
        const early = disk.isDurable(path, 3 * sectorBytes, sectorBytes)
        yield* Effect.sleep(100)
        const told = disk.isDurable(path, 3 * sectorBytes, sectorBytes)
        node.kill()
        disk.crash("power")
        return { early, told, contents: contents(world) }
      })
    )
    expect(value).toEqual({ early: false, told: true, contents: { held: empty, told: withSevens } })
  })

  it("has said nothing of a write that a crash overtakes", () => {
    for (const kind of ["power", "process"] as const) {
      const { value } = onDisk({ ...lying, misdirectedWrite: { rate: 1, sectorsMax: 3 } }, (world) =>
        Effect.sync(() => {
          world.file.write(3 * sectorBytes, filled(sectorBytes, 7), () => {})
          world.node.kill()
          world.disk.crash(kind)
          return contents(world).told
        })
      )
      expect(value, kind).toEqual(empty)
    }
  })

  it("gets back a file whose entry it has lost", () => {
    const { value } = onDisk({ directoryLoss: { rate: 1 } }, ({ disk, node }) =>
      Effect.sync(() => {
        node.kill()
        disk.crash("power")
        const left = disk.image.files.size
        disk.mend()
        return { left, mended: [...disk.image.files.keys()] }
      })
    )
    expect(value).toEqual({ left: 0, mended: [path] })
  })
})

/** A log of three frames, noted how far it goes or not, the last or the first of which rots. */
const rotten = (which: "first" | "last", isNoted: boolean) =>
  onDisk({}, ({ disk }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const wal = yield* openWal({ directory: "/data", clusterId: "c", segmentBytes: 4096 }, () => {})
        for (let group = 1; group <= 3; group++) {
          wal.append(1, group, [new Uint8Array(50)])
          yield* Effect.callback<void>((resume) => wal.sync(() => resume(Effect.void)))
        }
        if (isNoted) yield* wal.mark
        const whole = brokenLogOn(disk.image, disk.lost)
        const last = lastFrameOf(disk.image)!
        const offset = which === "first" ? 20 : last.offset + 20
        disk.image.files.get(last.path)!.keepTold()
        flipBit(disk.image, { path: last.path, sector: 0, offset, mask: 1 })
        return { whole, broken: brokenLogOn(disk.image, disk.lost) }
      })
    )
  ).value

describe("a log that is not as its node was told", () => {
  it("shows it, where a sound frame follows or its end was noted", () => {
    expect(rotten("first", false)).toEqual({ whole: undefined, broken: { sequence: 1, isShown: true } })
    expect(rotten("last", false)).toEqual({ whole: undefined, broken: { sequence: 3, isShown: false } })
    expect(rotten("last", true)).toEqual({ whole: undefined, broken: { sequence: 3, isShown: true } })
  })
})

/** Whether a node takes its disk for a new one, when a power cut has taken what the names match. */
const looksNewWithout = (names: RegExp) =>
  onDisk({}, ({ disk }) =>
    Effect.gen(function* () {
      const options = { directory: "/data", clusterId: "c", segmentBytes: 4096 }
      yield* Effect.scoped(openWal(options, () => {}))
      for (const [path, file] of disk.image.files) {
        if (!names.test(path)) continue
        disk.image.files.delete(path)
        disk.lost.set(path, file)
      }
      return looksNew(disk.image, disk.lost)
    })
  ).value

describe("a disk that has lost files", () => {
  it("looks new to its node where its identity and all of its log are gone", () => {
    expect(looksNewWithout(/identity|wal/)).toBe(true)
    expect(looksNewWithout(/identity/)).toBe(false)
    expect(looksNewWithout(/wal/)).toBe(false)
  })
})
