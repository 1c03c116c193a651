/** Hurts a cluster at random for a while: kills, freezes, stops and restarts of nodes and of the bus. */
import { Effect, type Scope } from "effect"
import type { Cluster, ClusterNode } from "./cluster.ts"
import { seeded } from "./cluster-history.ts"
import type { NatsServerFailed } from "./nats-server.ts"
import type { NeverHappened } from "./processes.ts"

export type Hurt = "kill" | "freeze" | "stop" | "kill-all" | "restart-bus" | "freeze-bus"

type Strike = Effect.Effect<void, NeverHappened | NatsServerFailed, Scope.Scope>

const strikeOf = (
  cluster: Cluster,
  hurt: Hurt,
  node: ClusterNode,
  draw: (below: number) => number
): Strike => {
  switch (hurt) {
    case "kill":
      return Effect.andThen(node.kill, Effect.andThen(Effect.sleep(draw(1500)), node.start()))
    case "stop":
      return Effect.andThen(node.stop, Effect.andThen(Effect.sleep(draw(500)), node.start()))
    case "freeze":
      return Effect.andThen(node.freeze, Effect.andThen(Effect.sleep(200 + draw(5000)), node.thaw))
    case "kill-all":
      return Effect.andThen(cluster.killAll, Effect.andThen(Effect.sleep(draw(500)), cluster.startAll))
    case "restart-bus":
      return Effect.andThen(cluster.nats.kill, Effect.andThen(Effect.sleep(draw(1500)), cluster.nats.start()))
    case "freeze-bus":
      return Effect.andThen(cluster.nats.freeze, Effect.andThen(Effect.sleep(draw(2500)), cluster.nats.thaw))
  }
}

/** One strike after the other until it is over, each healed before the next; tells what struck. */
export const strikes = Effect.fnUntraced(function* (
  cluster: Cluster,
  seed: number,
  isOver: () => boolean,
  hurts: ReadonlyArray<Hurt> = ["kill", "freeze", "stop", "kill-all", "restart-bus", "freeze-bus"]
) {
  const draw = seeded(seed)
  const struck: Array<string> = []
  // Every kind once, in random order, before any comes again.
  let left: Array<Hurt> = []
  while (!isOver()) {
    if (left.length === 0) left = [...hurts]
    const [hurt] = left.splice(draw(left.length), 1)
    const node = cluster.nodes[draw(cluster.nodes.length)]!
    struck.push(hurt === "kill" || hurt === "freeze" || hurt === "stop" ? `${hurt} ${node.id}` : hurt!)
    yield* strikeOf(cluster, hurt!, node, draw)
    yield* Effect.sleep(200 + draw(1000))
  }
  return struck
})
