/**
 * What an application imports: a connection to a cluster, in Effect and in Promise form, and how to define
 * machines.
 */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { type KvAnswer, type KvCommand, type KvQuestion, type KvReply, kvMachine } from "../machines/kv.ts"
import type { Machine } from "../protocol/learner/machine.ts"
import { natsBus } from "../runtime/bus/nats.ts"
import {
  BadBusOptions,
  type BusRefused,
  type NatsCredentials,
  type NatsTls
} from "../runtime/bus/nats-options.ts"
import { Bus, type BusUnavailable } from "../runtime/bus/port.ts"
import { wholly } from "../runtime/wholly.ts"
import { nameFault, namePattern } from "../wire/subjects.ts"
import type { AplombShape } from "./cluster.ts"
import { Rejected } from "./errors.ts"
import { kvOf } from "./kv.ts"
import { operatorsOf } from "./operators.ts"
import { type Connection, connectionOf } from "./promise.ts"
import { replicated } from "./replicated.ts"

export type { KvEntry, KvValue } from "../machines/kv.ts"
export { kvMachine } from "../machines/kv.ts"
export {
  type At,
  defineMachine,
  type Machine,
  type MachineDefinition,
  misfit
} from "../protocol/learner/machine.ts"
export type { CallOptions, Consistency, ReadOptions } from "./call-options.ts"
export type { AplombShape, NoClient } from "./cluster.ts"
export { Indeterminate, Rejected, Unavailable } from "./errors.ts"
export type { EntryAt, Kv } from "./kv.ts"
export {
  type Operated,
  type OperateOptions,
  type OperationProgress,
  OperationRefused,
  OperationUnfinished,
  type Operators
} from "./operators.ts"
export type { Connection, PromiseGroup, PromiseKv, PromiseOperators } from "./promise.ts"
export type { AnsweredAt, Replicated, Replied } from "./replicated.ts"

/** Where a cluster is, and who is asking. */
export interface ConnectOptions {
  /** NATS servers, `host:port` each; one that answers is enough. Default 127.0.0.1:4222. */
  readonly servers?: ReadonlyArray<string>
  /** Name of the cluster. Default `dev`, as `aplomb dev` calls its own. */
  readonly cluster?: string
  /** Shown by the NATS server's monitoring. */
  readonly name?: string
  /** Who this is to the server. Default: nobody in particular. */
  readonly credentials?: NatsCredentials
  /** Certificates and keys. Default: TLS with the system's for servers given as `tls://`, else none. */
  readonly tls?: NatsTls
  /** How long to wait for a server at the start, in milliseconds. Default 5000. */
  readonly connectTimeoutMs?: number
  /** Hears of troubles that no call of yours fails with: the connection went away, a message was refused. */
  readonly onProblem?: (problem: Error) => void
}

/** Why there is no connection: wrong options, a server that refuses this client, or none that answers. */
export type ConnectFailure = BadBusOptions | BusRefused | BusUnavailable

const defaults = { servers: ["127.0.0.1:4222"], cluster: "dev", connectTimeoutMs: 5000 }
const defaultGroup = "main"

/** The adapter of the bus knows it by another name. */
const checkPatience = (connectTimeoutMs: number): Effect.Effect<void, BadBusOptions> => {
  if (Number.isFinite(connectTimeoutMs) && connectTimeoutMs >= 0) return Effect.void
  const reason = `is ${connectTimeoutMs}; give a number of milliseconds`
  return Effect.fail(new BadBusOptions({ option: "connectTimeoutMs", reason }))
}

/** A name that no subject can hold would fail each call, and none of them says which option it was. */
const checkCluster = (cluster: string): Effect.Effect<void, BadBusOptions> => {
  if (typeof cluster === "string" && namePattern.test(cluster)) return Effect.void
  const reason = `is ${JSON.stringify(cluster)}; give 1 to 64 letters, digits, dashes or underscores`
  return Effect.fail(new BadBusOptions({ option: "cluster", reason }))
}

/** Of a cluster whose name was checked. */
const overBus = Effect.fnUntraced(function* (cluster: string) {
  const context = yield* Effect.context<Bus | Scope.Scope>()
  const group: AplombShape["group"] = (machine, group = defaultGroup) => {
    const fault = nameFault("group", group)
    if (fault !== undefined) return Effect.fail(new Rejected({ reason: fault }))
    return Effect.provideContext(wholly(replicated({ cluster, group, machine })), context)
  }
  const kv: AplombShape["kv"] = (name) =>
    Effect.map(group<unknown, KvCommand, KvReply, KvQuestion, KvAnswer>(anyStateKv, name), kvOf)
  const operators = operatorsOf(yield* Bus, cluster)
  return { cluster, group, kv, operators } satisfies AplombShape
})

// A client never sees the state; its type must not tie users to how the store keeps its entries.
const anyStateKv = kvMachine as unknown as Machine<unknown, KvCommand, KvReply, KvQuestion, KvAnswer>

/**
 * The Effect form of a connection.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Aplomb } from "aplomb"
 *
 * const program = Effect.gen(function* () {
 *   const aplomb = yield* Aplomb
 *   const kv = yield* aplomb.kv()
 *   const { revision } = yield* kv.put("color", "green")
 *   yield* kv.compareAndSet("color", revision, "blue")
 * }).pipe(Effect.provide(Aplomb.layer({ servers: ["127.0.0.1:4222"], cluster: "dev" })))
 * ```
 */
export class Aplomb extends Context.Service<Aplomb, AplombShape>()("aplomb/client/Aplomb") {
  /**
   * Connects over NATS until the scope closes; a connection that is lost later comes back by itself. Fails
   * with
   * `BadBusOptions`, `BusRefused`, or `BusUnavailable` where no server answers within `connectTimeoutMs`.
   */
  static readonly make = (
    options: ConnectOptions = {}
  ): Effect.Effect<AplombShape, ConnectFailure, Scope.Scope> =>
    Effect.gen(function* () {
      const { credentials, tls, onProblem, cluster = defaults.cluster } = options
      const { connectTimeoutMs = defaults.connectTimeoutMs } = options
      yield* checkCluster(cluster)
      yield* checkPatience(connectTimeoutMs)
      const bus = yield* natsBus({
        servers: options.servers ?? defaults.servers,
        name: options.name ?? "aplomb client",
        firstConnectTimeoutMs: connectTimeoutMs,
        ...(credentials === undefined ? {} : { credentials }),
        ...(onProblem === undefined ? {} : { onProblem }),
        ...(tls === undefined ? {} : { tls })
      })
      return yield* Effect.provideService(overBus(cluster), Bus, bus)
    })

  /** The connection as a layer; fails as `make` does. */
  static readonly layer = (options: ConnectOptions = {}): Layer.Layer<Aplomb, ConnectFailure> =>
    Layer.effect(Aplomb, Aplomb.make(options))

  /**
   * The connection over whatever Bus there is: in one process (`makeMemoryExchange`), or in simulation. Fails
   * with `BadBusOptions` where the name of the cluster cannot be one.
   */
  static readonly layerOverBus = (
    cluster: string = defaults.cluster
  ): Layer.Layer<Aplomb, BadBusOptions, Bus> =>
    Layer.effect(Aplomb, Effect.andThen(checkCluster(cluster), overBus(cluster)))
}

/**
 * The Promise form of a connection. Failures are rejections with Error objects: `Unavailable` (nothing was
 * done), `Indeterminate` (look before you try again), `Rejected`; each has a `_tag` and a message that says
 * what to do.
 *
 * @throws BadBusOptions, BusRefused, or BusUnavailable where no server answers within `connectTimeoutMs`
 *
 * @example
 * ```ts
 * import { connect } from "aplomb"
 *
 * await using aplomb = await connect({ servers: ["127.0.0.1:4222"], cluster: "dev" })
 * const kv = aplomb.kv()
 * const { revision } = await kv.put("color", "green")
 * await kv.compareAndSet("color", revision, "blue")
 * for await (const { key, value } of kv.list("col")) console.log(key, value)
 * ```
 */
export const connect = (options: ConnectOptions = {}): Promise<Connection> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      // Without an Effect around it there is no logger to set: nothing is logged unless it is asked for.
      const aplomb = yield* Aplomb.make({ onProblem: () => {}, ...options }).pipe(
        Scope.provide(scope),
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      return connectionOf(aplomb, scope)
    })
  )
