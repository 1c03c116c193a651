/**
 * The load of a benchmark: so many commands or questions outstanding, the next one as soon as one is
 * answered.
 */
import { Clock, Context, Effect } from "effect"
import type { GroupClient } from "../../client/group-client.ts"
import { kvMachine } from "../../machines/kv.ts"
import { pack } from "../../runtime/codec.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import { LatencyHistogram } from "./histogram.ts"

export interface LoadShape {
  readonly kind: "put" | "get"
  readonly outstanding: number
  readonly valueBytes: number
  readonly forMs: number
}

export interface LoadResult {
  readonly answered: number
  readonly failed: number
  readonly elapsedMs: number
  readonly latencies: Record<string, number>
}

/**
 * What is measured is code that has been compiled: processes that answer one command after the other run
 * theirs a thousand times a second only, and the compiler waits for ten thousand.
 */
const warmUp = { leastMs: 2000, mostMs: 12_000, commands: 10_000, lookEveryMs: 250 }
const keys = 1000
/** What one session takes; the commands beyond it would wait in the client and only fill its memory. */
export const outstandingMax = 8192
const callTimeoutMs = 30_000

/** What all values under way may take: with more the processes are busy with their memory alone. */
const underWayMaxBytes = 256 * 1024 * 1024
/** In less time than this a row says nothing. */
const leastForMs = 100

export interface RowsAsked {
  readonly outstanding: ReadonlyArray<number>
  readonly sizes: ReadonlyArray<number>
  readonly clients: ReadonlyArray<number>
  readonly forMs: number
}

/** Why rows cannot be measured, for a sentence before the first one is; undefined where they can. */
export const rowsProblem = ({ outstanding, sizes, clients, forMs }: RowsAsked): string | undefined => {
  if (forMs < leastForMs) return `in ${forMs} ms nothing can be measured: give --for ${leastForMs}ms or more`
  const [most, largest, fewest] = [Math.max(...outstanding), Math.max(...sizes), Math.min(...clients)]
  if (most < fewest)
    return `${most} outstanding are too few for ${fewest} clients: give --outstanding ${fewest} or more`
  if (most * largest <= underWayMaxBytes) return undefined
  const allowed = Math.floor(underWayMaxBytes / largest)
  const what = `${most} outstanding values of ${largest} bytes fill the memory`
  return `${what}: give --outstanding ${allowed} or less, or a smaller --size`
}

/** Runs a load on one client: a warm-up that is not counted, then the time that is. */
export const runLoad = Effect.fnUntraced(function* (client: GroupClient, shape: LoadShape) {
  const clock = Context.get(yield* Effect.context<never>(), Clock.Clock)
  const nowMs = () => readMonotonicMs(clock)
  const value = "x".repeat(shape.valueBytes)
  let histogram = new LatencyHistogram()
  let failed = 0
  let running = true
  let next = 0
  const one = (): void => {
    const sentMs = nowMs()
    const key = `bench-${next++ % keys}`
    const done = (_reply: unknown, _slot: number, failure: Error | undefined) => {
      if (failure !== undefined) failed++
      else histogram.record(nowMs() - sentMs)
      if (running) one()
    }
    if (shape.kind === "put") {
      client.submitUnsafe(
        pack(kvMachine.forms.command.encode({ _tag: "Put", key, value })),
        callTimeoutMs,
        done
      )
    } else {
      client.askUnsafe(pack(kvMachine.forms.question.encode({ _tag: "Get", key })), callTimeoutMs, done)
    }
  }
  for (let count = 0; count < shape.outstanding; count++) one()
  const beganMs = nowMs()
  const isWarm = () => {
    const forMs = nowMs() - beganMs
    return forMs >= warmUp.mostMs || (forMs >= warmUp.leastMs && histogram.total >= warmUp.commands)
  }
  while (!isWarm()) yield* Effect.sleep(warmUp.lookEveryMs)
  histogram = new LatencyHistogram()
  failed = 0
  const startMs = nowMs()
  yield* Effect.sleep(shape.forMs)
  const result: LoadResult = {
    answered: histogram.total,
    failed,
    elapsedMs: nowMs() - startMs,
    latencies: histogram.toJson()
  }
  running = false
  return result
})
