/** Faults in an order that bugs of leases need: a leader that does not hear of the one that replaces it. */
import { Effect } from "effect"
import { awaiting } from "../../awaiting.ts"
import { briskDisk } from "../../disk/slowness.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import { clockRateMaxPpm } from "../../swarm/process.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { between, type Cast, cut, staged } from "./choreography.ts"
import { campaign } from "./families.ts"

/** The leader's clock as slow as clocks may be, or as it is, and those of the others as fast. */
const spreadClocks = (world: World, { leader, second, third }: Cast): void => {
  const most = clockRateMaxPpm(world.cluster!.options.maxClockDrift)
  const rate = world.random.pick([0, most, most])
  const set = (of: WatchedGroup, ratePpm: number) => world.processes.get(of.node)!.node.setClockRate(ratePpm)
  set(leader, -rate)
  set(second, rate)
  set(third, rate)
}

/** Nobody hears the leader any more, and it hears nobody; its clients still do. */
const isolated = (world: World, actors: Cast): Effect.Effect<void> => {
  const { leader, second, third } = actors
  const { random } = world
  const { leaseDurationMs } = world.cluster!.options
  return Effect.gen(function* () {
    const heal = cut(world, between(leader, second, third))
    campaign(world, second, [third])
    yield* Effect.sleep(random.range(leaseDurationMs, 3 * leaseDurationMs))
    yield* heal
    campaign(world, leader, [second, third])
  })
}

/** One of the acceptors hears nothing of the leader and takes the lead with another, which hears both. */
const halfHeard = (world: World, actors: Cast): Effect.Effect<void> => {
  const { leader, second, third } = actors
  const { random } = world
  const { leaseDurationMs } = world.cluster!.options
  return Effect.gen(function* () {
    const heal = cut(world, between(leader, second))
    yield* Effect.sleep(random.range(0, leaseDurationMs))
    campaign(world, second, [third])
    yield* Effect.sleep(random.range(leaseDurationMs, 3 * leaseDurationMs))
    yield* heal
    campaign(world, leader, [second, third])
  })
}

/** A node that starts has heard all others by then, and does not vote yet. */
const greetedWithinMs = 100

/** An acceptor is restarted, and takes the lead as soon as it is there again. */
const forgetful = (world: World, actors: Cast): Effect.Effect<void> => {
  const { leader, second, third } = actors
  const { oracle, processes, options } = world.cluster!
  return Effect.gen(function* () {
    yield* world.reboot(processes.get(second.node)!, "crash", 1)
    // It would wait longer for who does not greet it than any lease lasts.
    yield* Effect.sleep(greetedWithinMs)
    const heal = cut(world, between(leader, second, third))
    yield* awaiting(() => oracle.running.has(second.node), { everyMs: 5, forMs: 500 })
    const reborn = oracle.running.get(second.node)
    if (reborn !== undefined) campaign(world, reborn, [third])
    yield* Effect.sleep(2 * options.leaseDurationMs)
    yield* heal
    campaign(world, leader, [second, third])
  })
}

/**
 * The leader hands over, and its successor is soon replaced by the third, which had the old leader's word.
 */
const releasedLate = (world: World, actors: Cast): Effect.Effect<void> => {
  const { leader, second, third } = actors
  const { random } = world
  const { leaseDurationMs } = world.cluster!.options
  return Effect.gen(function* () {
    leader.parts.handOver(second.parts.self)
    yield* Effect.sleep(random.range(20, leaseDurationMs))
    const heal = cut(world, [...between(leader, second), ...between(second, third)])
    campaign(world, third, [leader])
    yield* Effect.sleep(random.range(leaseDurationMs, 2 * leaseDurationMs))
    yield* heal
    campaign(world, leader, [second, third])
  })
}

/**
 * The leader stands still, is replaced, and goes on: what it was asked meanwhile is there before it looks at
 * its clock. Some client never hears of the new leader and asks the old one.
 */
const frozen = (world: World, actors: Cast): Effect.Effect<void> => {
  const { leader, second, third } = actors
  const { random, bus } = world
  const { leaseDurationMs } = world.cluster!.options
  const [unaware] = random.shuffle(world.clients)
  return Effect.gen(function* () {
    const heal = cut(world, between(leader, second, third))
    const tell = unaware === undefined ? () => {} : bus.severOneWay(second.node, unaware.name)
    const process = world.processes.get(leader.node)!
    process.freeze()
    campaign(world, second, [third])
    yield* Effect.sleep(random.range(2 * leaseDurationMs, 4 * leaseDurationMs))
    process.thaw()
    yield* Effect.sleep(random.range(50, 200))
    tell()
    yield* heal
    campaign(world, leader, [second, third])
  })
}

/**
 * What acceptors answer a leader comes late, that of its own one too, and its next round reaches nobody.
 * It is replaced as soon as the lease of the last one has run out.
 */
const heldAnswers = (world: World, { leader, second, third }: Cast): Effect.Effect<void> => {
  const { random, bus } = world
  const { leaseDurationMs, heartbeatIntervalMs } = world.cluster!.options
  const { disk } = world.processes.get(leader.node)!
  const others = [second, third]
  const heldMs = random.range(heartbeatIntervalMs / 2, heartbeatIntervalMs)
  const latency = { kind: "uniform", minMicros: 500 * heldMs, maxMicros: 1_000 * heldMs } as const
  const { faults } = disk
  const story = Effect.gen(function* () {
    disk.faults = { ...faults, slowness: { ...briskDisk, latency } }
    for (const { node } of others) bus.network.clog(node, leader.node, 1_000 * heldMs)
    yield* Effect.sleep(random.range(1, heldMs / 2))
    const deaf = cut(
      world,
      others.map((to) => [leader, to] as const)
    )
    campaign(world, second, [third])
    yield* Effect.sleep(heldMs)
    const mute = cut(
      world,
      others.map((from) => [from, leader] as const)
    )
    yield* Effect.sleep(random.range(leaseDurationMs, 2 * leaseDurationMs))
    yield* Effect.andThen(deaf, mute)
    campaign(world, leader, others)
  })
  const brisk = Effect.sync(() => {
    disk.faults = faults
  })
  return Effect.ensuring(story, brisk)
}

/** Leaders are replaced while the answers to their last round are on their way. */
export const lateGrants: FaultFamily = staged("late-grants", (world, actors) => {
  spreadClocks(world, actors)
  return Effect.andThen(heldAnswers(world, actors), Effect.sleep(world.random.range(100, 400)))
})

/** Leaders stand still while they are replaced, again and again. */
export const frozenLeaders: FaultFamily = staged("frozen-leaders", (world, actors) =>
  Effect.andThen(frozen(world, actors), Effect.sleep(world.random.range(200, 600)))
)

/** Leaders hand over again and again, and their successors are soon replaced. */
export const lateReleases: FaultFamily = staged("late-releases", releasedLate)

/** One of these stories after the other. */
export const leaseRaces: FaultFamily = staged("lease-races", (world, actors) => {
  spreadClocks(world, actors)
  const story = world.random.pick([isolated, isolated, halfHeard, forgetful, releasedLate])
  return Effect.andThen(story(world, actors), Effect.sleep(world.random.range(100, 400)))
})

/** Links stand still for a while, one way: answers come late. */
export const lateAnswers: FaultFamily = {
  name: "late-answers",
  share: 0.5,
  begin: (world) => {
    const { bus } = world
    bus.faults = {
      ...bus.faults,
      duplication: { rate: 0.1, copiesMax: 2 },
      reordering: { rate: 0.1, delayMicros: { min: 1_000, max: 800_000 } },
      clog: { rate: 0.01, durationMicros: { min: 50_000, max: 700_000 } }
    }
    return Effect.never
  }
}

/** Rare branches are taken often: a process stands still between its lease and the answer. */
export const standstills: FaultFamily = {
  name: "standstills",
  share: 0.5,
  begin: (world) => {
    world.disturbance.rates = { ...world.disturbance.rates, siteRate: 1, fireRate: 0.1 }
    return Effect.never
  }
}
