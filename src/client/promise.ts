/** The Promise form of a connection: the same clients, for code that awaits. */
import { Effect, Exit, Option, Scope, Stream } from "effect"
import type { KvEntry, KvValue } from "../machines/kv.ts"
import type { Machine } from "../protocol/machine.ts"
import type { AplombShape } from "./cluster.ts"
import type { Operated, OperateOptions } from "./operators.ts"
import type { AnsweredAt, CallOptions, ReadOptions, Replied } from "./replicated.ts"

/**
 * The key-value store of a group. Linearizable in all it does, unless a read asks for less (`consistency`);
 * revisions grow over all keys. A call rejects with
 * `Unavailable`, `Indeterminate` (writes only: read before you try again) or `Rejected`, after 30 s at most
 * unless `timeoutMs` says otherwise.
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
 * unless `timeoutMs` says otherwise.
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

/**
 * Makes the client at the first call, and only then; a failure to make it fails that call, and the next one
 * tries again.
 */
const onceMade = <A, E>(make: Effect.Effect<A, E>): (() => Promise<A>) => {
  let made: Promise<A> | undefined
  return () => {
    made ??= run(make).catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

const promiseKv = (aplomb: AplombShape, group: string | undefined): PromiseKv => {
  const kv = onceMade(aplomb.kv(group))
  return {
    put: async (key, value, options) => run((await kv()).put(key, value, options)),
    get: async (key, options) => Option.getOrUndefined(await run((await kv()).get(key, options))),
    getAt: async (key, options) => {
      const { entry, slot } = await run((await kv()).getAt(key, options))
      return { entry: Option.getOrUndefined(entry), slot }
    },
    delete: async (key, options) => run((await kv()).delete(key, options)),
    compareAndSet: async (key, revision, value, options) =>
      run((await kv()).compareAndSet(key, revision, value, options)),
    list: async function* (prefix, options) {
      yield* Stream.toAsyncIterable((await kv()).list(prefix, options))
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
      const made = onceMade(aplomb.group(machine, group))
      return {
        submit: async (command, options) => run((await made()).submit(command, options)),
        ask: async (question, options) => run((await made()).ask(question, options)),
        askAt: async (question, options) => run((await made()).askAt(question, options))
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
