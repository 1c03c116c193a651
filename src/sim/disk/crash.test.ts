/** A power cut: sectors of unsynced writes meet each of four ends, everything durable stays. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { CrashDamage } from "./crash.ts"
import { filled, onDisk, sectorValues, write } from "./disk.test-support.ts"

const cut = (seed: number, crashDamage: CrashDamage) =>
  onDisk(
    { crashDamage },
    ({ disk, node, files, file }) =>
      Effect.gen(function* () {
        yield* files.writeFileAtomic("/data/old", filled(2048, 9))
        yield* files.remove("/data/old")
        yield* write(file, 0, filled(8 * 512 + 100, 1))
        file.write(8 * 512 + 100, filled(10 * 512, 2), () => {})
        node.kill()
        disk.crash("power")
        return (yield* disk.mount(node.boot()).open("/data/log")).readSync(0, 20 * 512)
      }),
    { seed }
  )

const only = (fate: keyof CrashDamage): CrashDamage => ({ kept: 0, lost: 0, torn: 0, stale: 0, [fate]: 1 })

describe("a power cut", () => {
  it("leaves everything durable, also beside unsynced bytes in one sector", () => {
    for (let seed = 0; seed < 100; seed++) {
      const { value } = cut(seed, { kept: 1, lost: 1, torn: 1, stale: 1 })
      expect([...new Set(value.subarray(0, 8 * 512 + 100))]).toEqual([1])
      expect([...new Set(value.subarray(18 * 512 + 100))]).toEqual([0])
    }
  })

  it("gives single sectors of one write different ends: kept, lost, torn and stale", () => {
    const ends = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const { value } = cut(seed, { kept: 1, lost: 1, torn: 1, stale: 1 })
      for (const values of sectorValues(value.subarray(9 * 512, 18 * 512))) ends.add(values.join())
    }
    expect([...ends].sort()).toEqual(["0", "0,2", "2", "9"])
  })

  it("strikes with the ends that are on, and with no other", () => {
    const values = (fate: keyof CrashDamage) =>
      new Set(sectorValues(cut(1, only(fate)).value.subarray(9 * 512, 18 * 512)).map((each) => each.join()))
    expect(values("kept")).toEqual(new Set(["2"]))
    expect(values("lost")).toEqual(new Set(["0"]))
    expect(values("stale")).toEqual(new Set(["9"]))
    expect([...values("torn")].every((value) => value === "0,2" || value === "0")).toBe(true)
  })

  it("does no harm to a sector that is being written over with what it holds", () => {
    const { value } = onDisk({ crashDamage: only("stale") }, ({ disk, node, files, file }) =>
      Effect.gen(function* () {
        yield* write(file, 0, filled(4 * 512, 7))
        file.write(0, filled(4 * 512, 7), () => {})
        node.kill()
        disk.crash("power")
        return (yield* files.open("/data/log")).readSync(0, 4 * 512)
      })
    )
    expect(sectorValues(value)).toEqual([[7], [7], [7], [7]])
  })

  it("is counted, with what it did", () => {
    const { kernel } = cut(1, only("lost"))
    expect(kernel.trace.struck("power-cut")).toBe(1)
  })

  it("does no harm to a machine whose writes are all durable", () => {
    const { value } = onDisk({}, ({ disk, node, file }) =>
      Effect.gen(function* () {
        for (let sector = 0; sector < 20; sector++) yield* write(file, sector * 512, filled(512, sector + 1))
        node.kill()
        disk.crash("power")
        return (yield* disk.mount(node.boot()).open("/data/log")).readSync(0, 20 * 512)
      })
    )
    expect(sectorValues(value)).toEqual(Array.from({ length: 20 }, (_, sector) => [sector + 1]))
  })
})
