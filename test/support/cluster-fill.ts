/**
 * Very many writes by one client, and the proof afterwards that each acknowledged one is there, applied once.
 */
import { Effect, Stream } from "effect"
import type { CommandFailure } from "../../src/client/errors.ts"
import { pack } from "../../src/runtime/codec.ts"
import type { TestClient } from "./cluster-client.ts"

export interface FillOptions {
  readonly count: number
  /** Of the n-th write; keys may come again. */
  readonly keyAt: (index: number) => string
  readonly valueAt: (index: number) => string
  /** Commands in flight. */
  readonly concurrency?: number
  /** How long one command may take; in a test that breaks things, longer than the break. */
  readonly timeoutMs?: number
}

export interface Filling {
  readonly acknowledged: () => number
  /** Per key: the last write that was sent and acknowledged, and its revision. */
  readonly last: ReadonlyMap<string, { readonly index: number; readonly revision: number }>
  readonly failures: ReadonlyArray<CommandFailure>
  /** No write is begun any more. */
  readonly end: () => void
  /** Returns when every write that was begun has come to something. */
  readonly done: Effect.Effect<void>
}

/** Begins to write, and returns at once. */
export const beginFill = ({ group }: TestClient, options: FillOptions): Filling => {
  const { count, keyAt, valueAt, concurrency = 512, timeoutMs = 120_000 } = options
  const last = new Map<string, { index: number; revision: number }>()
  const failures: Array<CommandFailure> = []
  let limit = count
  let next = 0
  let waiting = 0
  let acknowledged = 0
  let onDone: (() => void) | undefined
  const pump = () => {
    while (waiting < concurrency && next < limit) begin(next++)
    if (waiting === 0 && next >= limit) onDone?.()
  }
  const begin = (index: number) => {
    waiting++
    const key = keyAt(index)
    const taken = group.client.submitUnsafe(
      pack(["p", key, valueAt(index)]),
      timeoutMs,
      (_reply, slot, failure) => {
        waiting--
        if (failure !== undefined) failures.push(failure)
        else {
          acknowledged++
          // Slots tell which of two writes to one key came last, whatever the order of their answers.
          if ((last.get(key)?.revision ?? 0) < slot) last.set(key, { index, revision: slot })
        }
        pump()
      }
    )
    if (!taken) throw new Error("a client refused a command although few are in flight")
  }
  pump()
  return {
    acknowledged: () => acknowledged,
    last,
    failures,
    end: () => {
      limit = Math.min(limit, next)
    },
    done: Effect.callback<void>((resume) => {
      onDone = () => resume(Effect.void)
      pump()
    })
  }
}

/** Writes all and waits for it. */
export const fill = (client: TestClient, options: FillOptions): Effect.Effect<Filling> =>
  Effect.suspend(() => {
    const filling = beginFill(client, options)
    return Effect.as(filling.done, filling)
  })

/**
 * What contradicts the claim that every acknowledged write is there, and was not applied once more after its
 * acknowledgement: a key that is gone, an older value, or a revision other than the acknowledged one. At most
 * ten of them.
 */
export const lostOrTwice = Effect.fnUntraced(function* (
  { kv }: TestClient,
  filling: Filling,
  prefix: string,
  valueAt: FillOptions["valueAt"]
) {
  const found = new Map<string, { readonly value: unknown; readonly revision: number }>()
  yield* Stream.runForEach(kv.list(prefix, { timeoutMs: 60_000 }), ({ key, value, revision }) =>
    Effect.sync(() => found.set(key, { value, revision }))
  )
  const wrong: Array<string> = []
  for (const [key, { index, revision }] of filling.last) {
    const held = found.get(key)
    if (held === undefined) wrong.push(`${key}: acknowledged at ${revision}, and it is not there`)
    else if (held.revision !== revision && filling.failures.length === 0) {
      wrong.push(`${key}: acknowledged at ${revision}, and it stands at ${held.revision}`)
    } else if (held.revision < revision)
      wrong.push(`${key}: acknowledged at ${revision}, at ${held.revision}`)
    else if (held.revision === revision && held.value !== valueAt(index)) wrong.push(`${key}: another value`)
  }
  return wrong.slice(0, 10)
})
