/**
 * The load of a benchmark: so many commands or questions outstanding, the next one as soon as one is
 * answered.
 */
import { Clock, Context, Effect } from "effect"
import type { GroupClient } from "../client/group-client.ts"
import { kvMachine } from "../machines/kv.ts"
import { pack } from "../runtime/codec.ts"
import { readMonotonicMs } from "../runtime/monotonic.ts"
import { LatencyHistogram } from "./bench-histogram.ts"

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

/** A process that sends one command after the other has run its code a few hundred times a second. */
const warmUpMs = 2000
const keys = 1000
const callTimeoutMs = 30_000

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
  yield* Effect.sleep(warmUpMs)
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
