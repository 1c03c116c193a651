/** The Promise form of a connection: the same clients, for code that awaits. */
import { Effect, Exit, Option, Scope, Stream } from "effect"
import type { KvEntry, KvValue } from "../machines/kv.ts"
import type { Machine } from "../protocol/learner/machine.ts"
import { monotonicMs } from "../runtime/monotonic.ts"
import { type CallOptions, defaultTimeoutMs, type ReadOptions, timeoutFault } from "./call-options.ts"
import type { AplombShape, NoClient } from "./cluster.ts"
import { Rejected, Unavailable } from "./errors.ts"
import type { Operated, OperateOptions } from "./operators.ts"
import type { AnsweredAt, Replied } from "./replicated.ts"

/**
 * The key-value store of a group. Linearizable in all it does, unless a read asks for less (`consistency`);
 * revisions grow over all keys. Key and value have 524,288 bytes at most, together with up to 22 bytes
 * around them. A call rejects with
 * `Unavailable`, `Indeterminate` (writes only: read before you try again) or `Rejected`, after 30 s at most
 * unless `timeoutMs` says otherwise. A bus that is away is waited for, within that time; what can be
 * no name of a group makes each call reject with `Rejected` at once.
 *
 * @example
 * ```ts
 * const kv = aplomb.kv()
 * const { revision } = await kv.put("color", "green")
 * const { changed } = await kv.compareAndSet("color", revision, "blue", { timeoutMs: 2000 })
 * const near = await kv.get("color", { consistency: { atLeast: revision } })
 * ```
 */
export interface PromiseKv {
  /** Sets the key; the revision is that of this write. */
  readonly put: (key: string, value: KvValue, options?: CallOptions) => Promise<{ readonly revision: number }>
  /** The entry, or undefined where there is none. */
  readonly get: (key: string, options?: ReadOptions) => Promise<KvEntry | undefined>
  /** The same with the slot of the state that answered: to be used as `atLeast`. */
  readonly getAt: (
    key: string,
    options?: ReadOptions
  ) => Promise<{ readonly entry: KvEntry | undefined; readonly slot: number }>
  /** Whether there was anything to delete. */
  readonly delete: (key: string, options?: CallOptions) => Promise<{ readonly deleted: boolean }>
  /**
   * Sets the key if it is at `revision` (0: absent); else nothing changes, and `revision` is the one that it
   * has.
   */
  readonly compareAndSet: (
    key: string,
    revision: number,
    value: KvValue,
    options?: CallOptions
  ) => Promise<{ readonly changed: boolean; readonly revision: number }>
  /**
   * All entries with the prefix in key order, page by page: none is older than the one before, the whole is
   * not one instant.
   */
  readonly list: (prefix: string, options?: ReadOptions) => AsyncIterable<KvEntry>
}

/** A group that replicates a machine. Calls reject as those of `PromiseKv` do. */
export interface PromiseGroup<Command, Reply, Question, Answer> {
  /** Has the command applied once, whatever is lost or fails on the way. */
  readonly submit: (command: Command, options?: CallOptions) => Promise<Replied<Reply>>
  /** Asks the state: as it is now, unless the options say that an older one will do. */
  readonly ask: (question: Question, options?: ReadOptions) => Promise<Answer>
  /** The same with the slot of the state that answered. */
  readonly askAt: (question: Question, options?: ReadOptions) => Promise<AnsweredAt<Answer>>
}

/**
 * What operators do with a cluster. Each call waits until it is done, whoever leads meanwhile, and rejects
 * with `OperationRefused` (nothing was changed) or `OperationUnfinished` (ask again), after 30 s at most
 * (drain and undrain: without a group that was done) unless `timeoutMs` says otherwise.
 *
 * @example
 * ```ts
 * const operators = aplomb.operators()
 * await operators.transfer("main", "n2")
 * await operators.drain("n1", { timeoutMs: 60_000 })
 * await operators.replace("main", "n3", "n4")
 * ```
 */
export interface PromiseOperators {
  /** Has an acceptor lead the group. */
  readonly transfer: (group: string, to: string, options?: OperateOptions) => Promise<Operated>
  /** Takes a node out of all groups and keeps it out, until it is undrained. */
  readonly drain: (node: string, options?: OperateOptions) => Promise<ReadonlyArray<Operated>>
  readonly undrain: (node: string, options?: OperateOptions) => Promise<ReadonlyArray<Operated>>
  /** Makes a node that has caught up an acceptor in the place of another one. */
  readonly replace: (group: string, node: string, by: string, options?: OperateOptions) => Promise<Operated>
}

/** A connection to a cluster; `await using` closes it. */
export interface Connection extends AsyncDisposable {
  readonly cluster: string
  /** The key-value store of a group, `main` unless named; one client for each name. */
  readonly kv: (group?: string) => PromiseKv
  /** Keep what you get: each call makes a client, with a session of its own. */
  readonly group: <State, Command, Reply, Question, Answer>(
    machine: Machine<State, Command, Reply, Question, Answer>,
    group?: string
  ) => PromiseGroup<Command, Reply, Question, Answer>
  readonly operators: () => PromiseOperators
  /**
   * Ends everything that came from this connection. Commands in flight fail with `Indeterminate` or
   * `Unavailable`.
   */
  readonly close: () => Promise<void>
}

const run = Effect.runPromise

/** What the promises reject with has to be one of the documented errors. */
const asCallFailure = (error: NoClient): Unavailable | Rejected => {
  if (error._tag === "Rejected") return error
  return error._tag === "BadSubject"
    ? new Rejected({ reason: error.message })
    : new Unavailable({ reason: error.message })
}

type Call<C> = <A, E, O extends CallOptions>(
  ask: (client: C, options: O | undefined) => Effect.Effect<A, E>,
  options: O | undefined
) => Promise<A>

/**
 * Makes the client at the first call, and only then; a failure to make it fails that call, and the next one
 * tries again. While the bus is away the making waits for it, and goes on when a call gives up: time spent on
 * it is of the time of the call.
 */
const onceMade = <C>(make: Effect.Effect<C, NoClient>): Call<C> => {
  let client: C | undefined
  let making: Promise<C> | undefined
  const made = () => {
    making ??= run(Effect.mapError(make, asCallFailure)).then(
      (one) => (client = one),
      (error: unknown) => {
        making = undefined
        throw error
      }
    )
    return making
  }
  const within = Effect.fnUntraced(function* (timeoutMs: number) {
    const untilMs = (yield* monotonicMs) + timeoutMs
    const making = Effect.callback<C, Unavailable | Rejected>((resume) => {
      made().then(
        (one) => resume(Effect.succeed(one)),
        (error) => resume(Effect.fail(error))
      )
    })
    const late = Effect.fail(new Unavailable({ reason: "the bus was away for all of the time" }))
    const one = yield* Effect.timeoutOrElse(making, { duration: timeoutMs, orElse: () => late })
    return { one, timeoutMs: Math.max(0, untilMs - (yield* monotonicMs)) }
  })
  return async (ask, options) => {
    const fault = timeoutFault(options)
    if (fault !== undefined) throw new Rejected({ reason: fault })
    if (client !== undefined) return run(ask(client, options))
    const { one, timeoutMs } = await run(within(options?.timeoutMs ?? defaultTimeoutMs))
    return run(ask(one, { ...options, timeoutMs } as typeof options))
  }
}

const promiseKv = (aplomb: AplombShape, group: string | undefined): PromiseKv => {
  const call = onceMade(aplomb.kv(group))
  return {
    put: (key, value, options) => call((kv, left) => kv.put(key, value, left), options),
    get: async (key, options) => Option.getOrUndefined(await call((kv, left) => kv.get(key, left), options)),
    getAt: async (key, options) => {
      const { entry, slot } = await call((kv, left) => kv.getAt(key, left), options)
      return { entry: Option.getOrUndefined(entry), slot }
    },
    delete: (key, options) => call((kv, left) => kv.delete(key, left), options),
    compareAndSet: (key, revision, value, options) =>
      call((kv, left) => kv.compareAndSet(key, revision, value, left), options),
    list: async function* (prefix, options) {
      // The time is that of each page: only who waits for the client is bounded by it here.
      const entries = await call((kv) => Effect.succeed(kv.list(prefix, options)), options)
      yield* Stream.toAsyncIterable(entries)
    }
  }
}

/** Wraps a connection whose scope is `scope`. */
export const connectionOf = (aplomb: AplombShape, scope: Scope.Closeable): Connection => {
  const stores = new Map<string, PromiseKv>()
  const close = () => run(Scope.close(scope, Exit.void))
  return {
    cluster: aplomb.cluster,
    kv: (group = "main") => {
      const store = stores.get(group) ?? promiseKv(aplomb, group)
      stores.set(group, store)
      return store
    },
    group: (machine, group) => {
      const call = onceMade(aplomb.group(machine, group))
      return {
        submit: (command, options) => call((client, left) => client.submit(command, left), options),
        ask: (question, options) => call((client, left) => client.ask(question, left), options),
        askAt: (question, options) => call((client, left) => client.askAt(question, left), options)
      }
    },
    operators: () => {
      const { transfer, drain, undrain, replace } = aplomb.operators
      return {
        transfer: (group, to, options) => run(transfer(group, to, options)),
        drain: (node, options) => run(drain(node, options)),
        undrain: (node, options) => run(undrain(node, options)),
        replace: (group, node, by, options) => run(replace(group, node, by, options))
      }
    },
    close,
    [Symbol.asyncDispose]: close
  }
}
