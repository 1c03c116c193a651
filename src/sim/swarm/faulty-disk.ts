/**
 * A disk that breaks its contract: it lies, rots, writes to wrong places, loses files. Its node notices, or
 * is as it was told: what nobody could notice (docs/operations.md, damaged disks) is spared.
 */
import { Effect } from "effect"
import { sometimes } from "../assert.ts"
import { awaiting } from "../awaiting.ts"
import { drawBitNearEnd } from "../disk/last-frame.ts"
import type { DiskFaults } from "../disk/settings.ts"
import { brokenLogOn, looksNew } from "../disk/told-log.ts"
import type { CountedRandom } from "../kernel/random.ts"
import type { SimProcess } from "../process.ts"
import type { World } from "../world.ts"
import { losses } from "./members.ts"
import { clusterFor, type FaultFamily } from "./swarm.ts"

const refused = sometimes("faulty-disk: a damaged disk was refused")
const refusedByOthers = sometimes("faulty-disk: the others told a node that its disk has lost what it had")
const unnoticed = sometimes("faulty-disk: a node came up on damage that had done no harm")
const emptied = sometimes("faulty-disk: a disk had lost all that its node knows it by")
const spared = sometimes("faulty-disk: damage was spared that nobody could have noticed")

/** Others have heard how far it was, and written it down. */
const heardAfterMs = 2_000
const sampleEveryMs = 100
const refusedWithinMs = 4_000

const drawLies = (random: CountedRandom): Partial<DiskFaults> => {
  const max = random.pick([500_000, 3_000_000, 10_000_000])
  // As a cache that is written back in order, and lost whole: what is left is sound, and ends too early.
  const isCache = random.chance(0.5)
  return {
    lyingSync: {
      rate: isCache ? 1 : random.pick([0.01, 0.2, 1]),
      lagMicros: { min: isCache ? max : 1_000, max }
    },
    ...(isCache ? { crashDamage: { kept: 0, lost: 1, torn: 0, stale: 0 } } : {})
  }
}

/** Some of what may be wrong with a disk. */
const drawDamage = (random: CountedRandom): Partial<DiskFaults> => {
  const all: ReadonlyArray<Partial<DiskFaults>> = [
    drawLies(random),
    { misdirectedWrite: { rate: random.pick([0.002, 0.02]), sectorsMax: random.pick([2, 16, 64]) } },
    { bitRot: { rate: random.pick([0.002, 0.02]) } },
    { directoryLoss: { rate: random.pick([0.05, 0.3]) } }
  ]
  const some = all.filter(() => random.chance(0.5))
  return Object.assign({}, ...(some.length > 0 ? some : [random.pick(all)]))
}

/** How far the disk of a node had come, by when. */
class Heard {
  readonly #world: World
  readonly #process: SimProcess
  #samples: Array<{ readonly atMs: number; readonly frames: number }> = []
  #replica = ""

  constructor(world: World, process: SimProcess) {
    this.#world = world
    this.#process = process
  }

  readonly sampling = Effect.forever(
    Effect.andThen(
      Effect.sleep(sampleEveryMs),
      Effect.sync(() => this.sample())
    )
  )

  sample(): void {
    const seen = this.#world.cluster!.oracle.running.get(this.#process.name)
    if (seen === undefined) return
    seen.catchUp()
    if (seen.replica !== this.#replica) this.#samples = []
    this.#replica = seen.replica
    this.#samples.push({ atMs: this.#world.kernel.time.nowMicros / 1000, frames: seen.frames() })
  }

  forget(): void {
    this.#samples = []
  }

  /** Frames that the others know of for sure. */
  frames(): number {
    const lastMs = this.#samples.at(-1)?.atMs ?? 0
    return this.#samples.findLast(({ atMs }) => atMs <= lastMs - heardAfterMs)?.frames ?? 0
  }
}

const isDamaged = ({ disk }: SimProcess): boolean =>
  disk.lost.size > 0 || [...disk.image.files.values()].some(({ told }) => told !== undefined)

/** Spares what looks like the torn end of a log, and is more, unless the others have heard of it. */
const spare = ({ disk }: SimProcess, heard: Heard): void => {
  const broken = brokenLogOn(disk.image, disk.lost)
  if (broken === undefined || broken.isShown || broken.sequence + 4 <= heard.frames()) return
  spared.check(true)
  disk.mend()
}

/** The disk of one node; cut off of its power now and then, its node is given an empty disk if it refuses. */
export const faultyDisk: FaultFamily = {
  name: "faulty-disk",
  share: 1,
  begin: (world) => {
    const { random } = world
    const { options, processes } = clusterFor(world, "faulty-disk")
    const { oracle } = world.cluster!
    const { lost, storageOf, isSpare } = losses(world)
    const process = random.pick([...processes.values()].filter(({ name }) => !options.masters.includes(name)))
    const heard = new Heard(world, process)
    const { disk } = process
    disk.faults = { ...disk.faults, ...drawDamage(random) }
    const rotsNearEnd = random.chance(0.3)
    const rot = () => {
      if (rotsNearEnd && world.phase === "chaos") disk.rot(undefined, drawBitNearEnd)
    }
    /** Gives up the replica on the disk, or has the disk as it was told where that may be the last one. */
    const giveUp = (dispose: () => void): void => {
      const storage = storageOf(process.name)
      if (storage === undefined || !isSpare(process.name)) return disk.mend()
      lost.add(`${process.name}/${storage}`)
      heard.forget()
      dispose()
    }
    process.onStart = () => {
      if (world.phase !== "chaos") return
      // The last copy stays as it was told: a node that has cut its log could not be helped any more.
      if (isDamaged(process) && !isSpare(process.name)) disk.mend()
      const isEmptied = looksNew(disk.image, disk.lost)
      if (isEmptied) giveUp(() => disk.lost.clear())
      emptied.check(isEmptied)
      spare(process, heard)
    }
    const replace = () => giveUp(() => process.kill("wipe"))
    const strike = Effect.gen(function* () {
      const kind = random.weighted([
        ["power", 3],
        ["crash", 1],
        ["graceful", 1]
      ] as const)
      heard.sample()
      yield* world.reboot(process, kind, random.range(1, 1_000), rot)
      if (!isDamaged(process)) return
      const isUp = () => oracle.running.has(process.name)
      const isLost = brokenLogOn(disk.image, disk.lost)?.isShown === false
      const isSettled = yield* awaiting(() => isUp() || !process.running, {
        everyMs: 10,
        forMs: refusedWithinMs
      })
      unnoticed.check(isSettled && isUp())
      if (!isSettled || isUp()) return disk.lost.clear()
      refused.check(true)
      refusedByOthers.check(isLost)
      // Whoever runs services starts it again and again.
      yield* Effect.sleep(random.range(0, 3_000))
      if (!isUp()) replace()
    })
    const striking = Effect.forever(
      Effect.andThen(
        Effect.suspend(() => Effect.sleep(random.range(500, 6_000))),
        strike
      )
    )
    const both = Effect.all([heard.sampling, striking], { concurrency: "unbounded", discard: true })
    const end = Effect.sync(() =>
      isDamaged(process) && !oracle.running.has(process.name) ? replace() : disk.mend()
    )
    return Effect.ensuring(Effect.andThen(both, Effect.never), end)
  }
}
