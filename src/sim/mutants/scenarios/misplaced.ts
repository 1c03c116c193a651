/** A node is started on the data directory of another one: it refuses, and is given its own again. */
import { Effect } from "effect"
import { sometimes, unreachable } from "../../assert.ts"
import { awaiting } from "../../awaiting.ts"
import type { DiskImage } from "../../disk/image.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import { again } from "./choreography.ts"

const refused = sometimes("misplaced-directories: the directory of another node was refused")
const taken = unreachable("misplaced-directories: a node runs in the directory of another one")

const refusedWithinMs = 2_000

export const misplacedDirectories: FaultFamily = again("misplaced-directories", (world) =>
  Effect.suspend(() => {
    const { processes, oracle } = world.cluster!
    const [process, other] = world.random.shuffle([...processes.values()])
    if (process?.running !== true || other === undefined) return Effect.void
    let own: DiskImage | undefined
    const misplace = Effect.gen(function* () {
      yield* world.reboot(process, "crash", world.random.range(1, 100), () => {
        own = process.disk.snapshot()
        process.disk.restore(other.disk.snapshot())
        world.tolerance.toRefuse.set(process.name, "WrongNode")
      })
      const isRefused = yield* awaiting(() => !process.running, { everyMs: 2, forMs: refusedWithinMs })
      refused.check(isRefused)
      if (!isRefused || oracle.running.has(process.name)) taken.reach(process.name)
    })
    const giveBack = Effect.sync(() => {
      if (own === undefined) return
      process.kill("crash")
      process.disk.restore(own)
      world.tolerance.toRefuse.delete(process.name)
      process.start()
    })
    return Effect.ensuring(misplace, giveBack)
  })
)
