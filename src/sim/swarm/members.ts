/**
 * Faults that change who can vote: nodes that stay away until others take their place, and disks that are
 * lost, but never the last copy.
 */
import { Effect } from "effect"
import type { Configuration } from "../../protocol/configuration.ts"
import { sometimes } from "../assert.ts"
import { drawSpan, timedFault } from "../kernel/timed-fault.ts"
import type { SimProcess } from "../process.ts"
import type { World } from "../world.ts"
import type { FaultFamily } from "./swarm.ts"

const spareVotes = sometimes("departures: a spare took the place of an acceptor")
const newcomer = sometimes("departures: a node that was taken out votes again")
const votesAgain = sometimes("disk-losses: a node that lost its disk votes again")
const kept = sometimes("disk-losses: a disk was spared, for it may be the last copy")

/** Nodes that a fault may take away: all but the one of the master. */
export const victims = (world: World): ReadonlyArray<SimProcess> =>
  [...(world.cluster?.processes.values() ?? [])].filter(
    (process) => process.running && process.name !== world.cluster!.options.master
  )

/** Calls back with each configuration that becomes active. */
const onActive = (world: World, look: (active: Configuration) => void): void => {
  let known: Configuration | undefined
  world.afterEach(() => {
    const active = world.cluster?.oracle.master?.active
    if (active === known || active === undefined) return
    known = active
    look(active)
  })
}

/** A node stays away for so long that the group goes on without it; then it comes back. */
export const departures: FaultFamily = {
  name: "departures",
  share: 0.8,
  begin: (world) => {
    const { random } = world
    const left = new Set<string>()
    let before: Configuration | undefined
    onActive(world, (active) => {
      const { acceptors } = world.cluster!.options
      spareVotes.check(active.acceptors.some(({ node }) => !acceptors.includes(node)))
      for (const { node } of before?.acceptors ?? [])
        if (!active.acceptors.some((one) => one.node === node)) left.add(node)
      newcomer.check(active.acceptors.some(({ node }) => left.has(node)))
      before = active
    })
    const settings = {
      everyMs: random.range(1_000, 5_000),
      durationMs: { min: 500, max: random.range(2_000, 12_000) }
    }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() => {
        const [victim] = random.shuffle(victims(world))
        if (victim === undefined) return Effect.void
        return world.reboot(victim, random.pick(["graceful", "crash", "power"] as const), downMs)
      })
    )
  }
}

/** Replicas whose disk is gone, and the test whether another one may go. */
export const losses = (world: World) => {
  const lost = new Set<string>()
  const storageOf = (node: string): string | undefined =>
    [...world.cluster!.oracle.replicas.values()].findLast((of) => of.node === node)?.parts.self.storage
  /** Every configuration that is active, or may become so, keeps a replica that is not on this node. */
  const isSpare = (node: string): boolean => {
    const { active, latest } = world.cluster?.oracle.master ?? {}
    return [active, latest?.configuration].every(
      (configuration) =>
        configuration === undefined ||
        configuration.acceptors.some((one) => one.node !== node && !lost.has(`${one.node}/${one.storage}`))
    )
  }
  return { lost, storageOf, isSpare }
}

/**
 * A node loses its power for a while and then, if every configuration has another copy, its disk: it comes
 * back as another replica. It is down for long enough that what it had asked for has been answered.
 */
export const diskLosses: FaultFamily = {
  name: "disk-losses",
  share: 1,
  begin: (world) => {
    const { random } = world
    const { lost, storageOf, isSpare } = losses(world)
    const nodes = new Set<string>()
    onActive(world, ({ acceptors }) => {
      const isBack = acceptors.some(({ node, storage }) => nodes.has(node) && !lost.has(`${node}/${storage}`))
      votesAgain.check(isBack)
    })
    const settings = { everyMs: random.range(1_000, 6_000), durationMs: { min: 4_000, max: 6_000 } }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() => {
        const [victim] = random.shuffle(victims(world))
        if (victim === undefined) return Effect.void
        const storage = storageOf(victim.name)
        return world.reboot(victim, "power", downMs + drawSpan(random, { min: 0, max: 500 }), () => {
          kept.check(!isSpare(victim.name))
          if (world.phase !== "chaos" || storage === undefined || !isSpare(victim.name)) return
          lost.add(`${victim.name}/${storage}`)
          nodes.add(victim.name)
          victim.disk.wipe()
        })
      })
    )
  }
}
