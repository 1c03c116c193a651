/** Faults in an order that certain bugs need: who is cut from whom, who asks for the lead, and when. */
import { Effect } from "effect"
import { awaiting } from "../../awaiting.ts"
import type { WatchedGroup } from "../../laws/laws.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import type { World } from "../../world.ts"
import { campaign, retire } from "./families.ts"

const leaderOf = (world: World): WatchedGroup | undefined =>
  [...(world.cluster?.oracle.running.values() ?? [])].find((of) => of.parts.leader()._tag === "Serving")

/** Three nodes with a part each. */
export interface Cast {
  readonly leader: WatchedGroup
  readonly second: WatchedGroup
  readonly third: WatchedGroup
}

/** The leader and two other nodes in drawn order; undefined while nobody leads or too few run. */
const cast = (world: World): Cast | undefined => {
  const leader = leaderOf(world)
  const others = [...(world.cluster?.oracle.running.values() ?? [])].filter((of) => of !== leader)
  const [second, third] = world.random.shuffle(others)
  return leader && second && third ? { leader, second, third } : undefined
}

export const cut = (world: World, links: ReadonlyArray<readonly [from: WatchedGroup, to: WatchedGroup]>) => {
  const heals = links.map(([from, to]) => world.bus.severOneWay(from.node, to.node))
  return Effect.sync(() => {
    for (const heal of heals) heal()
  })
}

export const again = (name: string, act: (world: World) => Effect.Effect<void>): FaultFamily => ({
  name,
  share: 1,
  begin: (world) =>
    Effect.forever(
      Effect.suspend(() => Effect.andThen(Effect.sleep(world.random.range(100, 700)), act(world)))
    )
})

/** The same with a part for each of three nodes; nothing is done while nobody leads, or too few run. */
export const staged = (name: string, act: (world: World, actors: Cast) => Effect.Effect<void>): FaultFamily =>
  again(name, (world) =>
    Effect.suspend(() => {
      const actors = cast(world)
      return actors === undefined ? Effect.void : act(world, actors)
    })
  )

/** The links between a node and others, both ways. */
export const between = (one: WatchedGroup, ...others: ReadonlyArray<WatchedGroup>) =>
  others.flatMap((other) => [[one, other] as const, [other, one] as const])

/** Leaves an entry that was proposed, and not chosen, at the third node: the second one does not get it. */
export const strand = (
  world: World,
  leader: WatchedGroup,
  second: WatchedGroup
): Effect.Effect<Effect.Effect<void>> =>
  Effect.suspend(() => {
    const heal = cut(world, [[leader, second]])
    return Effect.as(Effect.sleep(world.random.range(5, 80)), heal)
  })

/**
 * Two ballots are issued after one another. The first reads a log without the stranded entry; the second has
 * it, and is held back until the first one has chosen something else in its place.
 */
export const overtakenBallots: FaultFamily = staged(
  "overtaken-ballots",
  (world, { leader, second, third }) => {
    const { random } = world
    return Effect.gen(function* () {
      const heal = yield* strand(world, leader, second)
      const apart = cut(world, between(third, leader, second))
      campaign(world, second, [leader])
      yield* heal
      yield* Effect.sleep(random.range(0, 6))
      campaign(world, third, random.chance(0.5) ? [second] : [second, leader])
      yield* Effect.sleep(random.range(50, 400))
      yield* apart
      yield* Effect.sleep(random.range(50, 400))
    })
  }
)

/** The same with an acceptor that is retired while the ballot that it leads is issued and not active. */
export const retiredRival: FaultFamily = staged("retired-rival", (world, { leader, second, third }) => {
  const { random } = world
  return Effect.gen(function* () {
    const heal = yield* strand(world, leader, second)
    campaign(world, second, [leader, third])
    yield* heal
    // Just when the second one has its ballot: the third keeps what the first entry of that ballot would
    // replace.
    yield* Effect.sleep(random.range(3, 12))
    const apart = cut(world, between(third, leader, second))
    yield* Effect.sleep(random.range(3, 20))
    campaign(world, third, [leader, second])
    yield* Effect.sleep(random.range(2, 10))
    yield* retire(world, third.node)
    yield* Effect.sleep(random.range(50, 400))
    yield* apart
    yield* Effect.sleep(random.range(50, 400))
    // The group has lost an acceptor for good; a ballot of all three brings it back for the next round.
    campaign(world, second, [leader, third])
    yield* Effect.sleep(random.range(100, 400))
  })
})

/** Some of the clients hear nothing of these nodes, so that nobody tells them of a new leader. */
export const unheard = (world: World, nodes: ReadonlyArray<WatchedGroup>): Effect.Effect<void> => {
  const deaf = world.clients.filter(() => world.random.chance(0.5))
  const heals = nodes.flatMap(({ node }) => deaf.map(({ name }) => world.bus.severOneWay(node, name)))
  return Effect.sync(() => {
    for (const heal of heals) heal()
  })
}

/** A leader is cut off from the other nodes but not from its clients, and is replaced meanwhile. */
export const leadersBehindPartitions: FaultFamily = staged(
  "leaders-behind-partitions",
  (world, { leader, second, third }) => {
    const { random } = world
    const heal = Effect.andThen(cut(world, between(leader, second, third)), unheard(world, [second, third]))
    campaign(world, second, [third])
    const back = Effect.sync(() => campaign(world, leader, [second, third]))
    return Effect.sleep(random.range(300, 1_500)).pipe(Effect.ensuring(heal), Effect.andThen(back))
  }
)

/** A client does not hear the answers for a while, then nothing at all until its session has expired. */
export const silencedClients: FaultFamily = again("silenced-clients", (world) =>
  Effect.suspend(() => {
    const { random, bus } = world
    const client = random.pick(world.clients)
    const nodes = world.cluster?.names ?? []
    const mute = nodes.map((node) => bus.severOneWay(node, client.name))
    const silence = Effect.sync(() => nodes.map((node) => bus.severOneWay(client.name, node)))
    return Effect.gen(function* () {
      yield* Effect.sleep(random.range(50, 900))
      const deaf = yield* silence
      yield* Effect.sleep(random.range(5_050, 7_500))
      for (const heal of [...mute, ...deaf]) heal()
      yield* Effect.sleep(random.range(500, 2_000))
    })
  })
)

/** A backup stands still until it is retired, and no answer of the master reaches the leader for a while. */
export const lostRetirements: FaultFamily = staged("lost-retirements", (world, { leader, third }) => {
  const master = world.cluster!.options.master
  if (leader.node === master) return Effect.void
  const { random } = world
  const process = world.processes.get(third.node)!
  const isRetired = () =>
    world.cluster!.oracle.master?.active?.acceptors.every(({ node }) => node !== third.node) === true
  return Effect.gen(function* () {
    const answers = world.bus.severOneWay(master, leader.node)
    process.freeze()
    yield* awaiting(isRetired, { everyMs: 2, forMs: 4_000 })
    process.thaw()
    yield* Effect.sleep(random.range(500, 6_000))
    answers()
    yield* Effect.sleep(random.range(500, 3_000))
  })
})

/** Longer than a leader that nobody wants anything of goes on to beat. */
const fallsSilentWithinMs = 4_500

/** A backup is retired, and the one that is left does not hear of it: its leader may not fall silent. */
export const unheardRetirements: FaultFamily = staged(
  "unheard-retirements",
  (world, { leader, second, third }) => {
    const heal = cut(world, [[leader, second]])
    const told = Effect.andThen(retire(world, third.node), Effect.sleep(fallsSilentWithinMs))
    return Effect.andThen(Effect.ensuring(told, heal), Effect.sleep(world.random.range(2_000, 6_000)))
  }
)
