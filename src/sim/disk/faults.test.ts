/** Each fault of the disk strikes when it is on and never when it is off, and does what it says. */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { filled, onDisk, sectorValues, write } from "./disk.test-support.ts"
import type { DiskFaults } from "./settings.ts"
import { briskDisk } from "./slowness.ts"

const families: ReadonlyArray<readonly [name: string, faults: Partial<DiskFaults>]> = [
  ["failed-write", { failedWrite: { rate: 0.3 } }],
  ["short-write", { shortWrite: { rate: 0.3 } }],
  ["lying-sync", { lyingSync: { rate: 0.3, lagMicros: { min: 1e6, max: 2e6 } } }],
  ["misdirected-write", { misdirectedWrite: { rate: 0.3, sectorsMax: 8 } }],
  ["bit-rot", { bitRot: { rate: 0.3 } }],
  ["directory-loss", { directoryLoss: { rate: 1 } }],
  ["disk-stall", { slowness: { ...briskDisk, stallRate: 0.3 } }],
  ["disk-throttle", { slowness: { ...briskDisk, throttleRate: 0.3 } }]
]

/** Thirty writes, a power cut, and a look at what is there. */
const exercise = (faults: Partial<DiskFaults>) =>
  onDisk(faults, ({ disk, node, file, kernel }) =>
    Effect.gen(function* () {
      const exits: Array<Exit.Exit<void, unknown>> = []
      for (let index = 0; index < 30; index++) {
        exits.push(yield* Effect.exit(write(file, 20 * 512 + (index % 20) * 512, filled(512, index + 1))))
      }
      const tookMicros = kernel.time.nowMicros
      node.kill()
      disk.crash("power")
      const names = yield* disk.mount(node.boot()).list("/data")
      return {
        exits,
        names,
        tookMicros,
        content: sectorValues(disk.image.files.get("/data/log")?.read(0, 64 * 512) ?? filled(0, 0))
      }
    })
  )

describe("the faults of a disk", () => {
  const calm = exercise({})

  it("are all off on a sound disk", () => {
    expect([...calm.kernel.trace.strikes]).toEqual(
      [
        ["power-cut", 1],
        ["kill", 1]
      ].sort()
    )
    expect(calm.value.exits.every(Exit.isSuccess)).toBe(true)
  })

  for (const [name, faults] of families) {
    it(`${name} strikes when it is on, and no other does`, () => {
      const { kernel, value } = exercise(faults)
      expect(kernel.trace.struck(name)).toBeGreaterThan(0)
      for (const [other] of families) if (other !== name) expect(kernel.trace.struck(other)).toBe(0)
      const failing = name === "failed-write" || name === "short-write"
      expect(value.exits.filter(Exit.isFailure).length).toBe(failing ? kernel.trace.struck(name) : 0)
    })
  }

  it("a stall and a throttle cost virtual time and nothing else", () => {
    for (const [name, faults] of families.slice(6)) {
      const { value } = exercise(faults)
      expect(value.tookMicros, name).toBeGreaterThan(calm.value.tookMicros * 2)
      expect(value.content).toEqual(calm.value.content)
    }
  })

  it("a lying disk loses what it acknowledged, and the report of the power cut says so", () => {
    const { value, kernel } = exercise({
      lyingSync: { rate: 1, lagMicros: { min: 1e9, max: 1e9 } },
      crashDamage: { kept: 0, lost: 1, torn: 0, stale: 0 }
    })
    expect(value.exits.every(Exit.isSuccess)).toBe(true)
    expect(value.content.every((values) => values.join() === "0")).toBe(true)
    expect(kernel.trace.struck("lying-sync")).toBe(30)
  })

  it("an honest write stands though it was made over one that a lying disk loses", () => {
    const { value } = onDisk(
      { crashDamage: { kept: 0, lost: 1, torn: 0, stale: 0 } },
      ({ disk, node, file }) =>
        Effect.gen(function* () {
          const honest = disk.faults
          disk.faults = { ...honest, lyingSync: { rate: 1, lagMicros: { min: 1e9, max: 1e9 } } }
          yield* write(file, 0, filled(1024, 1))
          disk.faults = honest
          yield* write(file, 512, filled(512, 2))
          node.kill()
          disk.crash("power")
          return sectorValues((yield* disk.mount(node.boot()).open("/data/log")).readSync(0, 1024))
        })
    )
    expect(value).toEqual([[0], [2]])
  })

  it("a misdirected write leaves its own place as it was and overwrites another", () => {
    const { value } = onDisk({ misdirectedWrite: { rate: 1, sectorsMax: 4 } }, ({ file }) =>
      Effect.gen(function* () {
        yield* write(file, 30 * 512, filled(512, 7))
        const sectors = sectorValues(file.readSync(0, 64 * 512))
        return sectors.flatMap((values, sector) => (values.includes(7) ? [sector] : []))
      })
    )
    expect(value).toHaveLength(1)
    expect(Math.abs(value[0]! - 30)).toBeGreaterThan(0)
    expect(Math.abs(value[0]! - 30)).toBeLessThanOrEqual(4)
  })

  it("rot flips exactly one bit of what is written, and spares what it may not damage", () => {
    for (const spared of [false, true]) {
      const { value } = onDisk(
        {},
        ({ disk, file }) =>
          Effect.gen(function* () {
            yield* write(file, 0, filled(4096, 0))
            disk.rot()
            return [...file.readSync(0, 64 * 512)].filter((byte) => byte !== 0)
          }),
        { mayDamage: () => !spared }
      )
      expect(value).toHaveLength(spared ? 0 : 1)
      if (!spared) expect(Math.log2(value[0]!) % 1).toBe(0)
    }
  })

  it("a full disk refuses new space, writes on where it has some, and takes more when there is room", () => {
    const { value, kernel } = onDisk({}, ({ disk, files, file }) =>
      Effect.gen(function* () {
        disk.fill()
        const refused = yield* Effect.flip(files.preallocate("/data/next", 512))
        const small = yield* Effect.flip(files.writeFileAtomic("/data/id", filled(1, 1)))
        yield* write(file, 0, filled(512, 1))
        disk.capacityBytes = Number.POSITIVE_INFINITY
        yield* files.preallocate("/data/next", 512)
        return [refused.full, small.full, yield* files.list("/data")]
      })
    )
    expect(value).toEqual([true, true, ["log", "next"]])
    expect(kernel.trace.struck("full-disk")).toBe(2)
  })

  it("a wiped disk is empty, and a restored one is as it was at the time of the backup", () => {
    const { value } = onDisk({}, ({ disk, node, file }) =>
      Effect.gen(function* () {
        yield* write(file, 0, filled(512, 1))
        const backup = disk.snapshot()
        yield* write(file, 0, filled(512, 2))
        node.kill()
        disk.restore(backup)
        const restored = (yield* disk.mount(node.boot()).open("/data/log")).readSync(0, 1)[0]
        node.kill()
        disk.wipe()
        return [restored, yield* disk.mount(node.boot()).list("/data")]
      })
    )
    expect(value).toEqual([1, []])
  })
})

describe("a change of a file that fails", () => {
  const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? "" : new TextDecoder().decode(bytes))
  const replaced = (seed: number) =>
    onDisk(
      { failedChange: { rate: 0.5 } },
      ({ disk, node, files }) =>
        Effect.gen(function* () {
          const [told, seen]: [Array<string>, Array<string>] = [[""], []]
          let failures = 0
          for (let index = 1; index <= 20; index++) {
            const exit = yield* Effect.exit(files.writeFileAtomic("/data/kept", Buffer.from(`${index}`)))
            seen.push(text(yield* files.readFile("/data/kept")))
            if (Exit.isFailure(exit)) failures++
            else told.push(`${index}`)
          }
          node.kill()
          disk.crash("power")
          const left = text(yield* disk.mount(node.boot()).readFile("/data/kept"))
          return { told: told.at(-1)!, seen, failures, left }
        }),
      { seed }
    )

  it("leaves what was there, or what was to be there, which a power cut may take back", () => {
    const ends = { kept: 0, done: 0, takenBack: 0 }
    for (let seed = 1; seed <= 40; seed++) {
      const { value, kernel } = replaced(seed)
      const { told, seen, failures, left } = value
      expect(failures).toBeGreaterThan(0)
      expect(kernel.trace.struck("failed-change")).toBe(failures)
      expect(Number(left)).toBeGreaterThanOrEqual(Number(told))
      for (const [index, after] of seen.entries()) {
        if (after === `${index + 1}`) ends.done++
        else ends.kept++
        expect([`${index + 1}`, seen[index - 1] ?? ""]).toContain(after)
      }
      if (left !== seen.at(-1)) ends.takenBack++
    }
    for (const count of Object.values(ends)) expect(count).toBeGreaterThan(0)
  })

  it("fails each operation, and a file in parts is not there", () => {
    const { value } = onDisk({ failedChange: { rate: 1 } }, ({ files }) =>
      Effect.gen(function* () {
        const fails = (effect: Effect.Effect<unknown, unknown>) =>
          Effect.map(Effect.exit(effect), Exit.isFailure)
        const all = [
          files.makeDirectory("/other"),
          files.remove("/data/log"),
          files.preallocate("/data/more", 512),
          files.writeFileAtomic("/data/small", new Uint8Array(1)),
          files.writeInParts("/data/large", (append) => append(new Uint8Array(1)))
        ]
        const failed = yield* Effect.forEach(all, fails)
        return { failed, large: yield* files.readFile("/data/large") }
      })
    )
    expect(value).toEqual({ failed: [true, true, true, true, true], large: undefined })
  })
})
