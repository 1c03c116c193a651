/**
 * Faults of processes other than restarts: pauses, clocks, clients that crash, points where a crash strikes,
 * rivals for the lead.
 */
import { Effect } from "effect"
import { sometimes } from "../assert.ts"
import { timedFault } from "../kernel/timed-fault.ts"
import { askForLead } from "./ask-for-lead.ts"
import { someBuggify } from "./buggify.ts"
import { clusterFor, expectClients, type FaultFamily } from "./swarm.ts"

const replaced = sometimes("candidacies: a node asked for the lead while another one served")

/** A process stands still, as in a long collection, and goes on late. */
export const pauses: FaultFamily = {
  name: "pauses",
  share: 0.4,
  begin: (world) => {
    const { random } = world
    const settings = {
      everyMs: random.range(500, 5_000),
      durationMs: { min: 5, max: random.range(50, 5_000) }
    }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        const victim = random.pick([...world.processes.values()])
        victim.freeze()
        return Effect.ensuring(
          Effect.sleep(durationMs),
          Effect.sync(() => victim.thaw())
        )
      })
    )
  }
}

/**
 * By how much a clock may be off from true time, either way, so that no two differ by more than the drift
 * that leases are made for; a hair less, for clocks are read in whole nanoseconds.
 */
export const clockRateMaxPpm = (maxClockDrift: number): number =>
  Math.floor((maxClockDrift / (2 - maxClockDrift)) * 1e6) - 1

/** Wall clocks jump both ways, and both clocks of a machine run too fast or too slow. */
export const clockFaults: FaultFamily = {
  name: "clocks",
  share: 0.4,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(200, 3_000), durationMs: { min: 0, max: 0 } }
    const ratePpm = clockRateMaxPpm(world.cluster?.options.maxClockDrift ?? 0.3)
    return timedFault(random, settings, () =>
      Effect.sync(() => {
        const { node } = random.pick([...world.processes.values()])
        if (random.chance(0.5))
          node.jumpClock(random.range(-random.pick([10, 3_600_000]), random.pick([10, 600_000])))
        else node.setClockRate(random.range(-ratePpm, ratePpm))
      })
    )
  }
}

const handedOver = sometimes("hand-overs: a leader was told to hand over to another acceptor")

/** Leaders are told to hand over to another acceptor, which may be down, or not hear of it. */
export const handOvers: FaultFamily = {
  name: "hand-overs",
  share: 0.4,
  begin: (world) => {
    const { random } = world
    const { groups } = clusterFor(world, "hand-overs")
    const settings = { everyMs: random.range(200, 3_000), durationMs: { min: 0, max: 0 } }
    return timedFault(random, settings, () =>
      Effect.sync(() => {
        for (const { parts, node } of random.pick(groups).oracle.running.values()) {
          const leader = parts.leader()
          if (leader._tag !== "Serving") continue
          const others = leader.configuration.acceptors.filter((acceptor) => acceptor.node !== node)
          if (others.length === 0) continue
          const to = random.pick(others)
          handedOver.check(true)
          world.kernel.trace.strike("hand-over", node, { to: to.node })
          parts.handOver(to)
        }
      })
    )
  }
}

/** Clients crash and come back as others, with what they had under way left open. */
export const clientCrashes: FaultFamily = {
  name: "client-crashes",
  share: 0.3,
  begin: (world) => {
    expectClients(world, "client-crashes")
    const { random } = world
    const settings = { everyMs: random.range(1_000, 6_000), durationMs: { min: 1, max: 500 } }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() =>
        world.clients.length === 0
          ? Effect.void
          : world.reboot(random.pick(world.clients), random.pick(["crash", "graceful"] as const), downMs)
      )
    )
  }
}

/** A client stands still for as long as its session lives, or longer, and goes on as if nothing had been. */
export const clientSuspensions: FaultFamily = {
  name: "client-suspensions",
  share: 1,
  begin: (world) => {
    expectClients(world, "client-suspensions")
    const { random } = world
    const settings = { everyMs: random.range(5_000, 30_000), durationMs: { min: 30_000, max: 60_000 } }
    return timedFault(random, settings, (durationMs) =>
      Effect.suspend(() => {
        if (world.clients.length === 0) return Effect.void
        const victim = random.pick(world.clients)
        world.kernel.trace.strike("client-suspended", victim.name, { durationMs })
        victim.freeze()
        return Effect.ensuring(
          Effect.sleep(durationMs),
          Effect.sync(() => victim.thaw())
        )
      })
    )
  }
}

/** Processes are killed at named points of their code, such as between a durable write and its reply. */
export const crashPoints: FaultFamily = {
  name: "crash-points",
  share: 0.3,
  begin: (world) => {
    world.disturbance.crashRate = world.random.pick([0.0005, 0.002, 0.01])
    return Effect.never
  }
}

/** Sizes and intervals of shipped code are turned, and its rare branches taken. */
export const buggified: FaultFamily = {
  name: "buggify",
  share: 0.6,
  begin: (world) => {
    world.disturbance.rates = someBuggify
    world.disturbance.turnKnobs()
    return Effect.never
  }
}

/**
 * A node asks for a ballot of its own, with all acceptors or some of them, whoever leads: as operators do,
 * and as detectors of failures that are wrong.
 */
export const candidacies: FaultFamily = {
  name: "candidacies",
  share: 0.6,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(200, 4_000), durationMs: { min: 0, max: 0 } }
    const { groups } = clusterFor(world, "candidacies")
    const subsets = random.chance(0.5)
    let rivals = 0
    return timedFault(random, settings, () =>
      Effect.sync(() => {
        const up = [...random.pick(groups).oracle.running.values()]
        if (up.length === 0) return
        const candidate = random.pick(up)
        const others = up.filter((of) => of !== candidate)
        const size = subsets ? random.below(others.length + 1) : others.length
        const voters = random.shuffle(others).slice(0, size)
        const serves = others.some((of) => of.parts.leader()._tag === "Serving")
        replaced.check(serves && candidate.parts.leader()._tag === "Deposed")
        askForLead(world, candidate, voters, `rival/${++rivals}`)
      })
    )
  }
}
