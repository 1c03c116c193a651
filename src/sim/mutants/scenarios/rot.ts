/** Rot just where recovery could take it for the end of the log: the node refuses, and touches nothing. */
import { Effect } from "effect"
import { frameHeaderBytes } from "../../../runtime/storage/records.ts"
import { sometimes } from "../../assert.ts"
import { flipBit } from "../../disk/bit-rot.ts"
import { lastFrameOf } from "../../disk/last-frame.ts"
import { logBytesOn } from "../../disk/log-files.ts"
import { sectorBytes } from "../../disk/sectors.ts"
import { LawBroken } from "../../laws/laws.ts"
import type { SimProcess } from "../../process.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { again } from "./choreography.ts"

const beforeTorn = sometimes("rot: the last durable frame rots, and a torn one stands behind it")
const atMark = sometimes("rot: the last frame of a log rots that was closed")

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
