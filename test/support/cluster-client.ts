/**
 * Clients of a test cluster, in the process of the test: commands with what became of them, and the nodes'
 * status.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import { type NodeSeen, surveyNodes } from "../../src/client/discover.ts"
import type { Kv } from "../../src/client/kv.ts"
import { kvOf } from "../../src/client/kv.ts"
import { type Replicated, replicated } from "../../src/client/replicated.ts"
import {
  type KvAnswer,
  type KvCommand,
  type KvQuestion,
  type KvReply,
  kvMachine
} from "../../src/machines/kv.ts"
import { natsBusLayer } from "../../src/runtime/bus/nats.ts"
import { Bus, type BusShape } from "../../src/runtime/bus/port.ts"
import { subjectsOf } from "../../src/wire/subjects.ts"
import { type Cluster, clusterName } from "./cluster.ts"
import { NeverHappened } from "./processes.ts"

export interface TestClient {
  readonly bus: BusShape
  readonly group: Replicated<KvCommand, KvReply, KvQuestion, KvAnswer>
  readonly kv: Kv
}

/** A connection of its own to the cluster's bus. */
export const busTo = (
  servers: ReadonlyArray<string>,
  name = "test"
): Effect.Effect<BusShape, never, Scope.Scope> =>
  Layer.build(natsBusLayer({ servers, name, onProblem: () => {} })).pipe(
    Effect.map((context) => Context.get(context, Bus)),
    Effect.orDie
  )

/**
 * A client with its own connection, until the scope closes; `spoil` may put something between it and the bus.
 */
export const clientOf = Effect.fnUntraced(function* (
  cluster: Cluster,
  spoil: (bus: BusShape) => BusShape = (bus) => bus
) {
  const bus = spoil(yield* busTo([cluster.nats.url]))
  const group = yield* replicated({ cluster: clusterName, group: "main", machine: kvMachine }).pipe(
    Effect.provideService(Bus, bus),
    Effect.orDie
  )
  const client: TestClient = { bus, group, kv: kvOf(group) }
  return client
})

const surveyMs = 300

/** What each node says of itself now; nobody does while the bus is away. */
export const statusOf = (client: TestClient): Effect.Effect<ReadonlyArray<NodeSeen>> =>
  surveyNodes(client.bus, subjectsOf(clusterName), surveyMs).pipe(
    Effect.catchTag("BusUnavailable", () => Effect.as(Effect.sleep(surveyMs), [])),
    Effect.orDie
  )

const serveWithinMs = 90_000

/** Waits until a command and a question get through: what is applied then is everything from before. */
export const serving = (cluster: Cluster, client: TestClient, withinMs: number = serveWithinMs) =>
  Effect.andThen(
    client.kv.put("serving?", "yes", { timeoutMs: withinMs }),
    client.kv.get("serving?", { timeoutMs: withinMs })
  ).pipe(
    Effect.mapError(
      (error) => new NeverHappened({ what: `the group serves (${error.message})`, log: cluster.log() })
    ),
    Effect.asVoid
  )
