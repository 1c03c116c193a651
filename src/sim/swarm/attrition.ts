/**
 * Attrition: nodes go down and come up again, one by one, together, or again and again, never too many at
 * once.
 */
import { Effect } from "effect"
import type { Span, TimedFault } from "../kernel/timed-fault.ts"
import { currentGate, drawSpan, timedFault } from "../kernel/timed-fault.ts"
import type { RebootKind, SimProcess } from "../process.ts"
import type { World } from "../world.ts"
import type { FaultFamily } from "./swarm.ts"

export interface AttritionOptions extends TimedFault {
  /** How often each kind is drawn. */
  readonly weights: ReadonlyArray<readonly [RebootKind, number]>
  /** Nodes down at the same time, at most. */
  readonly maxDown: number
  /** Nodes that it leaves alone, by name. */
  readonly spared?: ReadonlySet<string>
}

/** Takes drawn nodes down, each for a drawn time. */
export const attrition = (world: World, options: AttritionOptions): Effect.Effect<never> => {
  const { random } = world
  const isDue = currentGate()
  // Each reboot runs beside the loop: several nodes can be down together, as many as the limit allows.
  return Effect.scoped(
    Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(random.range(Math.ceil(options.everyMs / 2), Math.ceil(options.everyMs * 1.5)))
        const victims = world
          .nodes()
          .filter((process) => process.running && options.spared?.has(process.name) !== true)
        if (victims.length === 0 || world.downCount() >= options.maxDown) continue
        const victim = random.pick(victims)
        const kind = random.weighted(options.weights)
        const downMs = drawSpan(random, options.durationMs)
        if (isDue()) yield* Effect.forkScoped(world.reboot(victim, kind, downMs))
      }
    })
  )
}

const rebootKinds: ReadonlyArray<RebootKind> = ["graceful", "crash", "power"]

/** Swarm of weights: each kind of reboot is in a run or not. Nobody loses a disk. */
export const restarts: FaultFamily = {
  name: "restarts",
  share: 0.7,
  begin: (world) => {
    const { random } = world
    const weights = rebootKinds.map((kind) => [kind, random.chance(0.6) ? random.range(1, 3) : 0] as const)
    const [first] = weights
    return attrition(world, {
      everyMs: random.range(400, 5_000),
      durationMs: { min: 1, max: random.range(50, 4_000) },
      weights: weights.some(([, weight]) => weight > 0) ? weights : [[first![0], 1]],
      maxDown: random.range(1, world.nodes().length)
    })
  }
}

/**
 * Nodes lose their disk and come back with another: in no configuration, and their votes gone for good. The
 * master's node is spared: its file has no copy.
 */
export const wipes: FaultFamily = {
  name: "wipes",
  share: 1,
  begin: (world) =>
    attrition(world, {
      everyMs: world.random.range(1_000, 6_000),
      durationMs: { min: 1, max: 2_000 },
      weights: [
        ["wipe", 1],
        ["power", 2]
      ],
      maxDown: 2,
      spared: new Set(world.cluster === undefined ? [] : [world.cluster.options.master])
    })
}

const allAtOnce = (world: World, nodes: ReadonlyArray<SimProcess>, kind: RebootKind, downMs: Span) =>
  Effect.forEach(nodes, (node) => world.reboot(node, kind, drawSpan(world.random, downMs)), {
    concurrency: "unbounded",
    discard: true
  })

/** A machine, a zone or everything loses its power at one instant. */
export const outages: FaultFamily = {
  name: "outages",
  share: 0.3,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(3_000, 10_000), durationMs: { min: 10, max: 3_000 } }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() => {
        const nodes = world.nodes()
        const zones = nodes.map(({ name }) => world.bus.network.endpoint(name).place.zone)
        const zone = random.chance(0.5) && nodes.length > 0 ? random.pick(zones) : undefined
        const struck = zone === undefined ? nodes : nodes.filter((_, index) => zones[index] === zone)
        world.kernel.trace.strike("outage", zone ?? "everything")
        return allAtOnce(world, struck, "power", { min: downMs, max: downMs + 500 })
      })
    )
  }
}

/** Everything loses its power at one instant; each node comes back when it does. */
export const totalOutages: FaultFamily = {
  name: "total-outages",
  share: 1,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(2_000, 8_000), durationMs: { min: 10, max: 4_000 } }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() => {
        world.kernel.trace.strike("total-outage", "everything", { downMs })
        return allAtOnce(world, world.nodes(), "power", { min: 1, max: downMs })
      })
    )
  }
}

/** One node after the other is stopped and started again, as an operator does to bring in a new version. */
export const turns: FaultFamily = {
  name: "turns",
  share: 1,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(500, 4_000), durationMs: { min: 1, max: 1_500 } }
    return timedFault(random, settings, (downMs) =>
      Effect.suspend(() => {
        world.kernel.trace.strike("rolling-restart", "everything", { downMs })
        const nodes = random.shuffle(world.nodes())
        const pauseMs = random.range(1, 2_000)
        const turn = (node: SimProcess) => world.reboot(node, "graceful", downMs)
        return Effect.forEach(nodes, (node) => Effect.andThen(turn(node), Effect.sleep(pauseMs)), {
          discard: true
        })
      })
    )
  }
}

/** Everything is restarted, again and again, faster than it can settle. */
export const restartStorms: FaultFamily = {
  name: "restart-storms",
  share: 0.2,
  begin: (world) => {
    const { random } = world
    const settings = { everyMs: random.range(4_000, 12_000), durationMs: { min: 2, max: 6 } }
    return timedFault(random, settings, (times) =>
      Effect.suspend(() => {
        world.kernel.trace.strike("restart-storm", "everything", { times })
        const once = Effect.suspend(() =>
          allAtOnce(world, world.nodes(), random.pick(["crash", "power"] as const), { min: 1, max: 400 })
        )
        return Effect.repeat(once, { times }).pipe(Effect.asVoid)
      })
    )
  }
}
