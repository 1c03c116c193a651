/** The key-value store of a group: revisions on every reply, compare-and-set, listing by prefix. */
import { Effect, Option, Stream } from "effect"
import type { KvAnswer, KvCommand, KvEntry, KvQuestion, KvReply, KvValue } from "../machines/kv.ts"
import type { CallOptions, ReadOptions } from "./call-options.ts"
import type { CommandFailure, QuestionFailure } from "./errors.ts"
import type { Replicated } from "./replicated.ts"

/** What a key holds, and how far the replica that says so had come. */
export interface EntryAt {
  readonly entry: Option.Option<KvEntry>
  readonly slot: number
}

/**
 * Linearizable in all it does, unless a read asks for less (`consistency`). Revisions are slots of the log:
 * they grow over all keys. Key and value have 524,288 bytes at most, together with up to 22 bytes around
 * them. A write fails with
 * `Indeterminate` (it may have been made; read first), `Unavailable` or `Rejected` (it was not made, and
 * never will be); a read with `Unavailable` or `Rejected`. Each waits 30 s at most, unless `timeoutMs` says
 * otherwise.
 */
export interface Kv {
  /** Sets the key; the revision is that of this write. */
  readonly put: (
    key: string,
    value: KvValue,
    options?: CallOptions
  ) => Effect.Effect<{ readonly revision: number }, CommandFailure>
  /** The entry, if there is one. */
  readonly get: (key: string, options?: ReadOptions) => Effect.Effect<Option.Option<KvEntry>, QuestionFailure>
  /** The same with the slot of the state that answered: to be used as `atLeast`. */
  readonly getAt: (key: string, options?: ReadOptions) => Effect.Effect<EntryAt, QuestionFailure>
  /** Whether there was anything to delete. */
  readonly delete: (
    key: string,
    options?: CallOptions
  ) => Effect.Effect<{ readonly deleted: boolean }, CommandFailure>
  /**
   * Sets the key if it is at `revision`; 0 stands for absent. Where it is not, nothing changes and `revision`
   * in the reply is the one that it has.
   */
  readonly compareAndSet: (
    key: string,
    revision: number,
    value: KvValue,
    options?: CallOptions
  ) => Effect.Effect<{ readonly changed: boolean; readonly revision: number }, CommandFailure>
  /**
   * All entries with the prefix in key order, read page by page: the whole is not one instant. Each page is
   * as new as the options ask for, and none is older than the one before. A prefix that ends in half a
   * character (a lone surrogate) is `Rejected`, as such keys are.
   */
  readonly list: (prefix: string, options?: ReadOptions) => Stream.Stream<KvEntry, QuestionFailure>
}

const pageMax = 1000

/** Where the next page begins. Of replicas it may come from another one: not from one that is behind this. */
const nextPage = (entries: ReadonlyArray<KvEntry>, slot: number, call: ReadOptions | undefined) => {
  const isLocal = call?.consistency !== undefined && call.consistency !== "linearizable"
  return {
    after: entries[entries.length - 1]!.key,
    call: isLocal ? { ...call, consistency: { atLeast: slot } } : call
  }
}

/**
 * The key-value form of a connection to a group.
 *
 * @example
 * ```ts
 * const kv = kvOf(yield* replicated({ cluster: "dev", group: "main", machine: kvMachine }))
 * const { revision } = yield* kv.put("color", "green")
 * yield* kv.compareAndSet("color", revision, "blue")
 * ```
 */
export const kvOf = (group: Replicated<KvCommand, KvReply, KvQuestion, KvAnswer>): Kv => ({
  put: (key, value, options) =>
    Effect.map(group.submit({ _tag: "Put", key, value }, options), ({ reply }) => ({
      revision: reply.revision
    })),
  get: (key, options) =>
    Effect.map(group.ask({ _tag: "Get", key }, options), ({ entries }) => Option.fromNullishOr(entries[0])),
  getAt: (key, options) =>
    Effect.map(group.askAt({ _tag: "Get", key }, options), ({ answer, slot }) => ({
      entry: Option.fromNullishOr(answer.entries[0]),
      slot
    })),
  delete: (key, options) =>
    Effect.map(group.submit({ _tag: "Delete", key }, options), ({ reply }) => ({ deleted: reply.changed })),
  compareAndSet: (key, revision, value, options) =>
    Effect.map(group.submit({ _tag: "CompareAndSet", key, revision, value }, options), ({ reply }) => reply),
  list: (prefix, options) =>
    Stream.paginate({ after: undefined as string | undefined, call: options }, ({ after, call }) =>
      Effect.map(group.askAt({ _tag: "List", prefix, after, limit: pageMax }, call), ({ answer, slot }) => [
        answer.entries,
        answer.more ? Option.some(nextPage(answer.entries, slot, call)) : Option.none()
      ])
    )
})
