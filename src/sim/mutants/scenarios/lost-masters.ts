/** Masters that lose their disks, one at a time, or stay away: a majority of the others has to do. */
import { Effect } from "effect"
import { always, sometimes } from "../../assert.ts"
import { awaiting } from "../../awaiting.ts"
import type { SimProcess } from "../../process.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { WorkloadMaker } from "../../workload/client.ts"
import type { World } from "../../world.ts"
import { again } from "./choreography.ts"

const majorityDecides = always("lost-masters: two masters of three decide")
const whileOneLagged = sometimes("lost-masters: a disk was lost while another master lacked what was decided")
const seatTaken = sometimes("lost-masters: a master with a new disk took its seat")

/** Longer than a master that had a seat waits for all others, and clients of masters between two attempts. */
const decidedWithinMs = 5_000

const decidedOf = (world: World): number => world.cluster!.decided?.version ?? 0

const isWhole = (world: World): boolean => {
  const { cluster } = world
  return cluster!.options.masters.every((name) => cluster!.hasSeat(name))
}

/** In the end every master has a seat, whatever disks were lost. */
export const seats: WorkloadMaker = (world) => ({
  name: "seats",
  clientCount: 0,
  run: () => Effect.void,
  isDone: () => isWhole(world)
})

/** A node that is heard for a moment now and then. */
const heardNowAndThen = (world: World, { name }: SimProcess): Effect.Effect<never> => {
  const { random, bus } = world
  return Effect.forever(
    Effect.suspend(() => {
      const heal = Effect.sync(bus.part([name]))
      const cut = Effect.ensuring(Effect.sleep(random.range(50, 700)), heal)
      return Effect.andThen(cut, Effect.sleep(random.range(5, 100)))
    })
  )
}

/**
 * The first loses its disk, and the second has missed what was decided lately. When the first comes back, the
 * third is heard now and then only.
 */
const lostWhileOneLags = Effect.fnUntraced(function* (
  world: World,
  [first, second, third]: ReadonlyArray<SimProcess>
) {
  const { random, bus, cluster } = world
  const before = decidedOf(world)
  const rejoin = bus.part([second!.name])
  yield* Effect.sleep(random.range(50, 800))
  whileOneLagged.check(decidedOf(world) > before)
  yield* world.reboot(first!, "wipe", random.range(1, 300), rejoin)
  const hasSeat = awaiting(() => cluster!.hasSeat(first!.name), {
    everyMs: 10,
    forMs: random.range(500, 4_000)
  })
  const isSeated = yield* Effect.raceFirst(hasSeat, heardNowAndThen(world, third!))
  seatTaken.check(isSeated)
  // Whatever the first two hold now, they decide by themselves.
  if (isSeated)
    yield* Effect.ensuring(Effect.sleep(random.range(100, 800)), Effect.sync(bus.part([third!.name])))
})

/** One is away for long; another one is restarted meanwhile, and has to go on with the third. */
const oneAway = Effect.fnUntraced(function* (world: World, [first, second]: ReadonlyArray<SimProcess>) {
  const { random } = world
  const others = Effect.gen(function* () {
    yield* world.reboot(second!, random.pick(["crash", "power"] as const), random.range(1, 200))
    const before = decidedOf(world)
    const goOn = () => world.phase !== "chaos" || decidedOf(world) > before
    majorityDecides.check(yield* awaiting(goOn, { everyMs: 50, forMs: decidedWithinMs }))
  })
  yield* Effect.all([world.reboot(first!, "crash", decidedWithinMs + 1_000), others], {
    concurrency: "unbounded",
    discard: true
  })
})

/** One after the other of these; no other disk is lost before the last one that was has been made good. */
export const lostMasters: FaultFamily = again("lost-masters", (world) =>
  Effect.suspend(() => {
    const { random, cluster } = world
    if (!isWhole(world)) return Effect.void
    const masters = random.shuffle(cluster!.options.masters.map((name) => cluster!.processes.get(name)!))
    return random.chance(0.8) ? lostWhileOneLags(world, masters) : oneAway(world, masters)
  })
)
