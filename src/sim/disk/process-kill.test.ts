/**
 * The kill of a process: a write under way meets each of four ends, and what is cached only goes with the
 * power.
 */
import { Effect, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { kvMachine } from "../../machines/kv.ts"
import { Files } from "../../runtime/storage/port.ts"
import { openWal } from "../../runtime/storage/wal.ts"
import { DiskLog } from "../oracle/disk.ts"
import type { CrashDamage } from "./crash.ts"
import { filled, onDisk, sectorValues, type TestDisk, write } from "./disk.test-support.ts"
import type { SimDisk } from "./disk.ts"
import { evenKill, type KilledEnd, type ProcessKill } from "./process-kill.ts"

const only = (end: KilledEnd): ProcessKill => ({ completed: 0, cached: 0, cutShort: 0, undone: 0, [end]: 1 })
const allLost: CrashDamage = { kept: 0, lost: 1, torn: 0, stale: 0 }
const bytes = 4 * 512

/** Zeros or ones at first, then twos are being written over them when the process is killed. */
const killedIn = ({ disk, node, file }: TestDisk) => {
  file.write(0, filled(bytes, 2), () => {})
  node.kill()
  disk.crash("process")
}

const cutPower = ({ disk, node }: Pick<TestDisk, "disk" | "node">) => {
  node.kill()
  disk.crash("power")
}

const holds = (disk: SimDisk) => disk.image.files.get("/data/log")!.read(0, bytes)
const valuesOf = (disk: SimDisk) => [...new Set(holds(disk))]

/** What the next life reads, whether that is durable, and what a power cut leaves: right after, or later. */
const afterKill = (end: KilledEnd, laterMs = 0, seed = 1) =>
  onDisk(
    { processKill: only(end), crashDamage: allLost },
    (world) =>
      Effect.gen(function* () {
        const { disk, file } = world
        yield* write(file, 0, filled(bytes, 1))
        killedIn(world)
        yield* Effect.sleep(laterMs)
        const read = valuesOf(disk)
        const isDurable = disk.isDurable("/data/log", 0, bytes)
        cutPower(world)
        return { read, isDurable, left: valuesOf(disk) }
      }),
    { seed }
  )

describe("a write under way when its process is killed", () => {
  it("is completed: durable when it would have been", () => {
    expect(afterKill("completed").value).toEqual({ read: [2], isDurable: false, left: [1] })
    expect(afterKill("completed", 1).value).toEqual({ read: [2], isDurable: true, left: [2] })
  })

  it("is in the cache: the next life reads it, and the power takes it within half a minute", () => {
    const { value, kernel } = afterKill("cached", 900)
    expect(value).toEqual({ read: [2], isDurable: false, left: [1] })
    expect(kernel.trace.struck("write-in-cache")).toBe(1)
    expect(afterKill("cached", 30_001).value).toEqual({ read: [2], isDurable: true, left: [2] })
  })

  it("is there in its first bytes", () => {
    const lengths = new Set<number>()
    for (let seed = 0; seed < 20; seed++) {
      const { value, kernel } = onDisk(
        { processKill: only("cutShort"), crashDamage: allLost },
        (world) =>
          Effect.sync(() => {
            killedIn(world)
            const read = holds(world.disk)
            cutPower(world)
            return { read, left: valuesOf(world.disk) }
          }),
        { seed }
      )
      const length = value.read.filter((byte) => byte === 2).length
      expect([...value.read]).toEqual([...filled(length, 2), ...filled(bytes - length, 0)])
      expect(value.left).toEqual([0])
      expect(kernel.trace.struck("write-cut-short")).toBe(1)
      lengths.add(length)
    }
    expect(lengths.size).toBeGreaterThan(10)
  })

  it("has not happened", () => {
    const { value, kernel } = afterKill("undone", 1)
    expect(value).toEqual({ read: [1], isDurable: true, left: [1] })
    expect(kernel.trace.struck("write-undone")).toBe(1)
  })

  it("meets every end where all are on, and its end stays: a second kill draws none", () => {
    const strikes = new Map<string, number>()
    for (let seed = 0; seed < 60; seed++) {
      const { value, kernel } = onDisk(
        { processKill: evenKill },
        (world) =>
          Effect.sync(() => {
            killedIn(world)
            const first = holds(world.disk)
            const draws = world.kernel.random.count
            world.disk.crash("process")
            expect(world.kernel.random.count).toBe(draws)
            return [first, holds(world.disk)]
          }),
        { seed }
      )
      expect(value[1]).toEqual(value[0])
      for (const [strike, count] of kernel.trace.strikes)
        strikes.set(strike, (strikes.get(strike) ?? 0) + count)
    }
    for (const strike of ["write-in-cache", "write-cut-short", "write-undone"])
      expect(strikes.get(strike), strike).toBeGreaterThan(5)
  })

  it("draws nothing where no write is under way, or kills are to harm none", () => {
    for (const processKill of [evenKill, only("completed")]) {
      const { kernel } = onDisk({ processKill }, (world) =>
        Effect.gen(function* () {
          yield* write(world.file, 0, filled(bytes, 1))
          if (processKill.completed === 1 && processKill.cached === 0) killedIn(world)
          else world.disk.crash("process")
        })
      )
      expect(kernel.random.count).toBe(0)
    }
  })
})

describe("what a killed process left in the cache", () => {
  it("does no harm to what was written over it, durably", () => {
    for (let seed = 0; seed < 30; seed++) {
      const { value } = onDisk(
        { processKill: only("cached") },
        (world) =>
          Effect.gen(function* () {
            const { disk, node } = world
            killedIn(world)
            const file = yield* disk.mount(node.boot()).open("/data/log")
            // The lives of this test have ended: the next one writes for them.
            disk.write(disk.image.files.get("/data/log")!, "/data/log", 512, filled(700, 3))
            expect(disk.isDurable("/data/log", 512, 700)).toBe(false)
            yield* Effect.sleep(1)
            expect(disk.isDurable("/data/log", 512, 700)).toBe(true)
            expect(disk.isDurable("/data/log", 0, 512)).toBe(false)
            cutPower(world)
            return file.readSync(0, bytes)
          }),
        { seed }
      )
      expect([...new Set(value.subarray(512, 512 + 700))]).toEqual([3])
    }
  })

  it("is durable in every sector that was written since, for a disk writes whole sectors", () => {
    const { value } = onDisk({ processKill: only("cached"), crashDamage: allLost }, (world) =>
      Effect.gen(function* () {
        const { disk } = world
        killedIn(world)
        disk.write(disk.image.files.get("/data/log")!, "/data/log", 600, filled(10, 3))
        yield* Effect.sleep(1)
        cutPower(world)
        return sectorValues(holds(disk))
      })
    )
    expect(value).toEqual([[0], [2, 3], [0], [0]])
  })

  it("counts for no law before it is durable", () => {
    const options = { directory: "/data", clusterId: "c", segmentBytes: 4096 }
    const { value } = onDisk({ processKill: only("cached"), crashDamage: allLost }, (world) =>
      Effect.gen(function* () {
        const { disk, node } = world
        const log = new DiskLog(disk, "/data", kvMachine)
        // Of a life that is killed: nobody closes it.
        const wal = yield* Scope.provide(
          openWal(options, () => {}),
          yield* Scope.make()
        )
        wal.append(1, 0, [filled(50, 1)])
        wal.sync(() => {})
        expect(disk.isBusy()).toBe(true)
        log.catchUp()
        node.kill()
        disk.crash("process")
        log.catchUp()
        const cached = log.frames
        let seen = 0
        const next = openWal(options, () => void seen++)
        yield* Effect.scoped(Effect.provideService(next, Files, disk.mount(node.boot())))
        log.catchUp()
        return { cached, seen, frames: log.frames }
      })
    )
    expect(value).toEqual({ cached: 0, seen: 1, frames: 1 })
  })
})
