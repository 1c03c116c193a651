/** Masters that lose all their disks, and an operator who puts back a copy of their state, new or old. */
import { Effect } from "effect"
import type { Versioned } from "../../../actors/master/register.ts"
import { sometimes } from "../../assert.ts"
import { awaiting } from "../../awaiting.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import type { RebootKind, SimProcess } from "../../process.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { again, type Cast, cut, staged } from "./choreography.ts"
import { campaign } from "./families.ts"

const begun = sometimes("copies: the masters began with a copy of their state")
const begunWithOld = sometimes("copies: the masters began with a copy from before an acceptor was retired")
const refused = sometimes("copies: the masters refused a copy that was too old")
const twice = sometimes("copies: the masters began twice with one copy")

/** The states that the masters have decided since they began, oldest first. */
const noting = (world: World) => {
  const copies: Array<Versioned> = []
  world.afterEach(() => {
    const decided = world.cluster?.decided
    if (decided !== undefined && decided !== copies.at(-1)) copies.push(decided)
  })
  return copies
}

const mastersOf = (world: World): ReadonlyArray<SimProcess> =>
  world.cluster!.options.masters.map((name) => world.cluster!.processes.get(name)!)

/** All masters lose their disks, and come back with the copy: true once they have begun with it. */
const beginWith = (world: World, copy: Versioned, isAgain = false): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const { random, cluster } = world
    const masters = mastersOf(world)
    const downMs = random.range(1, 300)
    const before = cluster!.decided
    let isExchanged = false
    // Before the first of them starts: they are all down by then.
    const exchange = () => {
      if (!isExchanged) cluster!.bringBack(copy, isAgain)
      isExchanged = true
    }
    world.kernel.trace.strike("copy-of-master", cluster!.options.master, { version: copy.version })
    yield* Effect.forEach(masters, (master) => world.reboot(master, "power", downMs, exchange), {
      concurrency: "unbounded",
      discard: true
    })
    return yield* awaiting(() => cluster!.decided !== before, { everyMs: 50, forMs: 4_000 })
  })

/**
 * The operator takes one of the last copies, and the newest of all if that is refused. A copy from before the
 * masters began is not taken: they would hand out what they have handed out.
 */
export const copiesOfMasters: FaultFamily = {
  name: "copies-of-masters",
  share: 1,
  begin: (world) => {
    const { random } = world
    const copies = noting(world)
    return Effect.forever(
      Effect.gen(function* () {
        yield* Effect.sleep(random.range(500, 2_500))
        const newest = copies.at(-1)
        if (newest?.state.active === undefined || newest.state.latest !== undefined) return
        const copy = random.pick(copies.slice(-3))
        const isOld = copy.state.active?.generation !== newest.state.active.generation
        let isTaken = copy.state.active !== undefined && (yield* beginWith(world, copy))
        begunWithOld.check(isTaken && isOld)
        refused.check(!isTaken)
        if (!isTaken) isTaken = yield* beginWith(world, newest)
        begun.check(isTaken)
        if (isTaken) copies.splice(0, copies.length - 1)
      })
    )
  }
}

/** The first acceptor, which keeps the master too, loses its disk; others may be down just then. */
export const emptyFirst: FaultFamily = again("empty-first", (world) =>
  Effect.suspend(() => {
    const { random, cluster } = world
    const { acceptors, master } = cluster!.options
    // A group that never had a vote but this node's is gone with its disk, and nobody can know that it was.
    const hasPromised = ({ node, disk }: WatchedGroup) => node !== master && disk.promised > 0
    if (![...cluster!.oracle.replicas.values()].some(hasPromised)) return Effect.void
    const others = acceptors.filter((name) => name !== master && random.chance(0.3))
    const down = (name: string, kind: RebootKind) =>
      world.reboot(world.processes.get(name)!, kind, random.range(1, 800))
    return Effect.all([down(master, "wipe"), ...others.map((name) => down(name, "crash"))], {
      concurrency: "unbounded",
      discard: true
    })
  })
)

/** A node asks no master for a while. */
const hush = (world: World, { node }: WatchedGroup): (() => void) => {
  const heals = mastersOf(world).map(({ name }) => world.bus.severOneWay(node, name))
  return () => {
    for (const heal of heals) heal()
  }
}

/**
 * Two nodes have the same number. The second one asks first, or not before the third one leads: to whom the
 * acceptor speaks that knows of the second one only until it is restarted.
 */
const bothComplete = (
  world: World,
  { leader, second }: Cast,
  speaking: { readonly second: Effect.Effect<void>; readonly third: Effect.Effect<void> }
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { random } = world
    const isLast = random.chance(0.5)
    const asks = isLast ? hush(world, second) : () => {}
    yield* speaking.second
    yield* Effect.sleep(random.range(50, 400))
    if (isLast) yield* world.reboot(world.processes.get(leader.node)!, "crash", 1)
    yield* speaking.third
    if (isLast) yield* Effect.sleep(random.range(50, 1_500))
    asks()
    yield* Effect.sleep(random.range(100, 500))
  })

/**
 * The masters begin twice with one copy: a node that got a number the first time asks for its activation when
 * another one has got the same number.
 */
export const oneCopyTwice: FaultFamily = staged("one-copy-twice", (world, actors) => {
  const copy = world.cluster!.decided
  if (copy === undefined) return Effect.void
  const { leader, second, third } = actors
  const { random } = world
  return Effect.gen(function* () {
    if (!(yield* beginWith(world, copy))) return
    // Who leads would ask for a ballot of its own at once, to take the others in.
    const speaks = hush(world, leader)
    const links = [leader, third].map((to) => [second, to] as const)
    const speaking = { second: cut(world, links), third: cut(world, [[third, leader]]) }
    campaign(world, second, [leader])
    yield* Effect.sleep(random.range(5, 50))
    speaks()
    const isTaken = yield* beginWith(world, copy, true)
    twice.check(isTaken)
    const speaksAgain = hush(world, leader)
    campaign(world, third, [leader])
    yield* Effect.sleep(random.range(5, 50))
    yield* bothComplete(world, actors, speaking)
    speaksAgain()
    yield* Effect.sleep(random.range(100, 500))
  })
})
