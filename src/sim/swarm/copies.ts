/** Disks that go back in time: an old copy of a data directory is put back, as from a backup. */
import { Effect } from "effect"
import { sometimes, unreachable } from "../assert.ts"
import { awaiting } from "../awaiting.ts"
import type { DiskImage } from "../disk/image.ts"
import { logBytesOn } from "../disk/log-files.ts"
import type { WatchedGroup } from "../laws/laws.ts"
import type { SimProcess } from "../process.ts"
import type { World } from "../world.ts"
import { losses, victims } from "./members.ts"
import type { FaultFamily } from "./swarm.ts"

const refused = sometimes("old-copies: an old copy of a disk was refused")
const refusedByNotes = sometimes("old-copies: an old copy was refused after everybody had been down")
const taken = unreachable("old-copies: a node runs on an old copy of its disk")
const grown = unreachable("old-copies: a node writes to an old copy that it refuses")

/** Others have heard it beat, and written down how far it was. */
const heardAfterMs = 2_000
const refusedWithinMs = 4_000

interface Copy {
  readonly process: SimProcess
  readonly replica: string
  readonly image: DiskImage
}

const framesOf = (seen: WatchedGroup | undefined): number => {
  seen?.catchUp()
  return seen?.frames() ?? 0
}

/** A copy of a disk, once so much has been written since that the others must know; else undefined. */
const makeCopy = Effect.fnUntraced(function* (world: World) {
  const { random } = world
  const [process] = random.shuffle(victims(world))
  const running = () => world.cluster!.oracle.running.get(process?.name ?? "")
  const seen = running()
  if (process === undefined || seen === undefined) return undefined
  const frames = framesOf(seen)
  const image = process.disk.snapshot()
  yield* Effect.sleep(random.range(100, 4_000))
  // A note in its own log about the others is a frame, too.
  const hasWritten = framesOf(running()) >= frames + 4
  yield* Effect.sleep(heardAfterMs)
  const isSame = running()?.replica === seen.replica
  const copy: Copy = { process, replica: seen.replica, image }
  return hasWritten && isSame ? copy : undefined
})

export interface OldCopiesSettings {
  /** In what part of the strikes all nodes are down, and what they remember is on their disks only. */
  readonly everybodyShare: number
  /** By how much the others come up later, at most, in virtual milliseconds. */
  readonly othersLateMs: number
}

/** One copy at a time that is in the place of a newer disk. */
const putting = (world: World) => {
  const { lost, isSpare } = losses(world)
  let old: Copy | undefined
  // Not even for a moment: a role that runs may vote.
  world.afterEach(() => {
    if (old === undefined) return
    const runs = world.cluster!.oracle.running.get(old.process.name)?.replica === old.replica
    if (runs) taken.reach(old.replica)
  })
  const putBack = (copy: Copy): void => {
    const { process, replica, image } = copy
    if (world.phase !== "chaos" || !isSpare(process.name)) return
    lost.add(replica)
    world.tolerance.toRefuse.set(process.name, "StorageRolledBack")
    process.disk.restore(image)
    old = copy
  }
  /** Whoever was given a copy gets an empty disk. */
  const replace = (): void => {
    if (old === undefined) return
    const { process } = old
    process.kill("wipe")
    world.tolerance.toRefuse.delete(process.name)
    old = undefined
    process.start()
  }
  return { putBack, replace, isPut: () => old !== undefined }
}

/**
 * A node is down for a moment, or all are, and comes back with an old copy of its disk, if every
 * configuration has another replica. It must refuse, however often it is started; then it is given an empty
 * disk.
 */
export const oldCopies = ({ everybodyShare, othersLateMs }: OldCopiesSettings): FaultFamily => ({
  name: "old-copies",
  share: 1,
  begin: (world) => {
    const { random } = world
    const { putBack, replace, isPut } = putting(world)
    const strike = Effect.fnUntraced(function* (copy: Copy) {
      const { process } = copy
      const everybody = random.chance(everybodyShare)
      const downMs = random.range(1, 2_000)
      const all = everybody ? [...world.cluster!.processes.values()] : []
      const others = all.filter((one) => one !== process)
      const kind = random.pick(["crash", "power"] as const)
      yield* Effect.all(
        [
          world.reboot(process, kind, downMs, () => putBack(copy)),
          ...others.map((other) => world.reboot(other, "crash", downMs + random.range(0, othersLateMs)))
        ],
        { concurrency: "unbounded", discard: true }
      )
      if (!isPut()) return
      const isRefused = yield* awaiting(() => !process.running, { everyMs: 10, forMs: refusedWithinMs })
      refused.check(isRefused)
      refusedByNotes.check(isRefused && everybody)
      if (!isRefused) return taken.reach(copy.replica)
      // Whoever runs services starts it again and again. What it wrote would bring it closer to the others.
      const log = logBytesOn(process.disk.image)
      yield* Effect.sleep(random.range(0, 3_000))
      if (!logBytesOn(process.disk.image).equals(log)) grown.reach(copy.replica)
    })
    return Effect.forever(
      Effect.gen(function* () {
        yield* Effect.sleep(random.range(300, 3_000))
        const copy = yield* makeCopy(world)
        if (copy !== undefined) yield* Effect.ensuring(strike(copy), Effect.sync(replace))
      })
    )
  }
})
