/** Writes that cannot be lost or applied twice without being noticed, and when each was acknowledged. */
import { Effect, Stream } from "effect"
import type { GroupClient } from "../../client/group-client.ts"
import type { Kv } from "../../client/kv.ts"
import { kvMachine } from "../../machines/kv.ts"
import { fitting } from "../../protocol/learner/machine.ts"
import { pack } from "../../runtime/codec.ts"

/** One key, written by compare-and-set alone: each write names the revision of the one before. */
interface Chain {
  readonly key: string
  revision: number
  count: number
}

export interface FailoverLoad {
  /** When each write was acknowledged, in milliseconds, rising. */
  readonly acknowledgedAtMs: ReadonlyArray<number>
  readonly acknowledged: () => number
  /** Of writes that came to nothing, and writes that contradict those before: what was told. */
  readonly faults: ReadonlyArray<string>
  /** Forgets times before this one. */
  readonly forget: (beforeMs: number) => void
  /** Begins no more writes, waits for those under way, and adds to the faults what the store contradicts. */
  readonly end: (kv: Kv) => Effect.Effect<void>
}

/** Longer than any failover that is measured: a write that fails is a fault of the cluster. */
const timeoutMs = 60_000
const { command, reply } = kvMachine.forms

/** Whoever finds another revision than its own last one was applied twice, or lost its last one. */
const brokenLink = ({ key, revision, count }: Chain, found: number) =>
  `${key}: write ${count + 1} over revision ${revision} found revision ${found}`

/** Adds to the faults where the store is not what the chains were told. */
const compare = (kv: Kv, prefix: string, chains: ReadonlyMap<string, Chain>, faults: Array<string>) => {
  const left = new Set(chains.keys())
  return Stream.runForEach(kv.list(prefix, { timeoutMs }), ({ key, revision, value }) =>
    Effect.sync(() => {
      const chain = chains.get(key)
      left.delete(key)
      if (chain === undefined || (chain.revision === revision && value === String(chain.count))) return
      faults.push(`${key} is write ${value} at ${revision}; told was ${chain.count} at ${chain.revision}`)
    })
  ).pipe(
    Effect.catch((error) => Effect.sync(() => faults.push(`the store cannot be read: ${error.message}`))),
    Effect.andThen(
      Effect.sync(() => {
        for (const key of left) if (chains.get(key)!.count > 0) faults.push(`${key} is gone`)
      })
    )
  )
}

/**
 * Begins `count` chains of writes, each with one write under way at any time, under keys that begin with
 * `prefix`.
 *
 * @param nowMs a monotonic clock
 */
export const beginFailoverLoad = (
  client: GroupClient,
  prefix: string,
  count: number,
  nowMs: () => number
): FailoverLoad => {
  const times: Array<number> = []
  const faults: Array<string> = []
  let acknowledged = 0
  let underWay = 0
  let isOver = false
  let onDone: (() => void) | undefined
  const write = (chain: Chain): void => {
    const { key, revision } = chain
    const form = command.encode({ _tag: "CompareAndSet", key, revision, value: String(chain.count + 1) })
    underWay++
    const isTaken = client.submitUnsafe(pack(form), timeoutMs, (plain, slot, failure) => {
      underWay--
      const done = failure === undefined ? fitting(reply, plain) : undefined
      if (done?.changed === true) {
        times.push(nowMs())
        acknowledged++
        chain.revision = slot
        chain.count++
        if (!isOver) write(chain)
      } else {
        faults.push(
          failure === undefined ? brokenLink(chain, done?.revision ?? -1) : `${key}: ${failure.message}`
        )
      }
      if (isOver && underWay === 0) onDone?.()
    })
    if (!isTaken) throw new Error("a client refused a write although few are under way")
  }
  const chains = new Map<string, Chain>()
  for (let index = 0; index < count; index++) {
    const key = `${prefix}${index}`
    const chain = { key, revision: 0, count: 0 }
    chains.set(key, chain)
    write(chain)
  }
  return {
    acknowledgedAtMs: times,
    acknowledged: () => acknowledged,
    faults,
    forget: (beforeMs) => {
      const first = times.findIndex((time) => time >= beforeMs)
      times.splice(0, first < 0 ? times.length : first)
    },
    end: (kv) =>
      Effect.callback<void>((resume) => {
        isOver = true
        onDone = () => resume(Effect.void)
        if (underWay === 0) onDone()
      }).pipe(Effect.andThen(compare(kv, prefix, chains, faults)))
  }
}

/**
 * The longest time without an acknowledgement among those that begin in `fromMs .. toMs`, the one in which
 * `fromMs` lies included; with none after it, until `nowMs`.
 *
 * @param timesMs rising
 */
export const longestPauseMs = (
  timesMs: ReadonlyArray<number>,
  fromMs: number,
  toMs: number,
  nowMs: number
): number => {
  let longest = 0
  let beganMs = fromMs
  for (const time of timesMs) {
    if (time <= fromMs) {
      beganMs = time
      continue
    }
    longest = Math.max(longest, time - beganMs)
    if (time >= toMs) return longest
    beganMs = time
  }
  return Math.max(longest, nowMs - beganMs)
}
