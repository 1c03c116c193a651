/** Kills that strike while a write is under way, which kills at any other moment seldom do. */
import { Effect, Option } from "effect"
import { sometimes } from "../assert.ts"
import { timedFault } from "../kernel/timed-fault.ts"
import type { SimProcess } from "../process.ts"
import type { World } from "../world.ts"
import { clusterFor, type FaultFamily } from "./swarm.ts"

const killed = sometimes("kills-in-writes: a process was killed in the middle of a write")

const begunWithinMs = 1_000

/**
 * Waits until so many writes have begun, or changes of directories, which are far fewer, or either; and then
 * until some moment of the last. False where they did not come within a second.
 */
export const amidst = (
  world: World,
  { disk }: SimProcess,
  count: number,
  of: "writes" | "changes" | "either"
): Effect.Effect<boolean> =>
  Effect.callback<void>((resume) => {
    const { time, worldStrand } = world.kernel
    let left = count
    disk.onBegun = (doneMicros, isChange) => {
      if (of === (isChange ? "writes" : "changes") || --left > 0) return
      disk.onBegun = undefined
      const tookMicros = doneMicros - time.nowMicros
      time.after(worldStrand, world.random.below(Math.max(1, tookMicros)), () => resume(Effect.void))
    }
    return Effect.sync(() => {
      disk.onBegun = undefined
    })
  }).pipe(Effect.timeoutOption(begunWithinMs), Effect.map(Option.isSome))

const strikes = (world: World, victims: () => ReadonlyArray<SimProcess>): Effect.Effect<never> => {
  const { random } = world
  const settings = { everyMs: random.range(300, 4_000), durationMs: { min: 1, max: random.range(20, 1_000) } }
  return timedFault(random, settings, (downMs) =>
    Effect.gen(function* () {
      const running = victims().filter((process) => process.running)
      if (running.length === 0) return
      const process = random.pick(running)
      let writes = random.range(1, 3)
      do {
        const isWriting = yield* amidst(world, process, writes, random.pick(["changes", "either"]))
        killed.check(isWriting && process.disk.isBusy())
        if (!isWriting) return
        yield* world.reboot(process, "crash", random.range(1, downMs))
        // The first few are those of a start.
        writes = random.range(1, 10)
      } while (random.chance(0.3))
      if (!random.chance(0.5)) return
      yield* Effect.sleep(random.range(0, 500))
      yield* world.reboot(process, "power", random.range(1, downMs))
    })
  )
}

/**
 * A process is killed in the middle of a write, now and then again while it starts; and now and then its
 * machine loses its power soon after, with all that is in its cache only.
 */
export const killsInWrites: FaultFamily = {
  name: "kills-in-writes",
  share: 0.3,
  begin: (world) => strikes(world, () => world.nodes())
}

/** The same of the master's node alone. */
export const killsInWritesOfMaster: FaultFamily = {
  name: "kills-in-writes-of-master",
  share: 0.3,
  begin: (world) => {
    const { options, processes } = clusterFor(world, "kills-in-writes-of-master")
    return strikes(world, () => [processes.get(options.master)!])
  }
}
