/** Rot just where recovery could take it for the end of the log: the node refuses, and touches nothing. */
import { Effect } from "effect"
import { readFrameAt } from "../../../runtime/storage/frames.ts"
import { frameHeaderBytes } from "../../../runtime/storage/records.ts"
import { sometimes } from "../../assert.ts"
import { flipBit } from "../../disk/bit-rot.ts"
import type { DiskImage } from "../../disk/image.ts"
import { logBytesOn, logFilesOn } from "../../disk/log-files.ts"
import { type SectorFile, sectorBytes } from "../../disk/sectors.ts"
import { LawBroken } from "../../laws.ts"
import type { SimProcess } from "../../process.ts"
import type { FaultFamily } from "../../swarm.ts"
import type { World } from "../../world.ts"
import { again } from "./choreography.ts"

const beforeTorn = sometimes("rot: the last durable frame rots, and a torn one stands behind it")
const atMark = sometimes("rot: the last frame of a log rots that was closed")

/** The last sound frame of a log, whether anything stands behind it, and whether the end was noted. */
interface LastFrame {
  readonly path: string
  readonly offset: number
  readonly end: number
  readonly isFollowed: boolean
  readonly isNoted: boolean
}

const lastFrameOf = (image: DiskImage): LastFrame | undefined => {
  const identity = image.files.get("/data/identity.json")
  if (identity === undefined) return undefined
  const text = new TextDecoder().decode(identity.read(0, identity.sizeBytes))
  const { salt, segmentBytes, durable } = JSON.parse(text) as Record<string, number>
  for (const path of logFilesOn(image).toReversed()) {
    const file = image.files.get(path)!
    const number = Number(path.slice(path.lastIndexOf("/") + 1, -".log".length))
    const place = { base: number * segmentBytes!, salt: salt!, durable: durable! }
    const last = lastIn(file, path, place)
    if (last !== undefined) return last
  }
  return undefined
}

const lastIn = (
  file: SectorFile,
  path: string,
  { durable, ...place }: { readonly base: number; readonly salt: number; readonly durable: number }
): LastFrame | undefined => {
  const handle = {
    path,
    sizeBytes: file.sizeBytes,
    readSync: (offset: number, lengthBytes: number) => file.read(offset, lengthBytes),
    write: () => {}
  }
  let offset = -1
  let end = 0
  for (;;) {
    const frame = readFrameAt({ file: handle, ...place }, end)
    if (frame === undefined) break
    offset = end
    end += frame.lengthBytes
  }
  if (offset < 0) return undefined
  const isFollowed = file.read(end, file.sizeBytes - end).some((byte) => byte !== 0)
  return { path, offset, end, isFollowed, isNoted: place.base + end <= durable }
}

/** Waits until the node has refused its log; one that comes up with it has cut off what was acknowledged. */
const refuses = (world: World, process: SimProcess, rotten: Buffer): Effect.Effect<void> =>
  Effect.gen(function* () {
    while (process.running) {
      yield* Effect.sleep(2)
      if (world.cluster!.oracle.running.has(process.name))
        world.violated(new LawBroken("a rotten log is refused", "8", `${process.name} came up with it`))
    }
    if (!logBytesOn(process.disk.image).equals(rotten))
      world.violated(
        new LawBroken("a log that is refused is left as it is", "8", `${process.name} changed it`)
      )
  })

/**
 * A node's last durable frame rots while it is down: behind it a power cut has torn the next one, or it was
 * closed and has noted where the log ends. When the rot is undone it goes on as if nothing had been.
 */
export const rotAtTheEnd: FaultFamily = again("rot-at-the-end", (world) =>
  Effect.suspend(() => {
    const { random, cluster } = world
    const process = random.pick([...cluster!.processes.values()])
    const isClosed = random.chance(0.3)
    let undo: (() => void) | undefined
    let rotten: Buffer | undefined
    const rot = () => {
      const { image } = process.disk
      const last = lastFrameOf(image)
      // Rot that nobody can tell from a torn write is no part of this.
      const isTold = last !== undefined && (isClosed ? last.isNoted : last.isFollowed)
      if (!isTold || (last.offset % sectorBytes) + frameHeaderBytes > sectorBytes) return
      const offset = random.range(last.offset + frameHeaderBytes, last.end - 1)
      const bit = { path: last.path, sector: Math.floor(offset / sectorBytes), offset, mask: 1 }
      const check = isClosed ? atMark : beforeTorn
      check.check(true)
      world.kernel.trace.strike("rot-at-the-end", process.name, { offset })
      flipBit(image, bit)
      undo = () => flipBit(process.disk.image, bit)
      rotten = logBytesOn(image)
    }
    return Effect.gen(function* () {
      if (!process.running) return
      yield* world.reboot(process, isClosed ? "graceful" : "power", random.range(1, 50), rot)
      if (rotten !== undefined) yield* refuses(world, process, rotten)
    }).pipe(
      Effect.ensuring(
        Effect.suspend(() => (undo === undefined ? Effect.void : world.reboot(process, "crash", 5, undo)))
      )
    )
  })
)
