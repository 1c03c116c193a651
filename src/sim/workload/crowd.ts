/** Clients that together ask for more than their leader can do at once. */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import { ledgerClient, type WorkloadMaker } from "./client.ts"
import type { Workload } from "./workload.ts"

/** Longer than who reaches the leader waits. */
const timeoutMs = 60_000

/**
 * Each has many commands under way, and submits the next one as soon as it has a result. Nobody's fails: a
 * crowd is served slowly, but it is served.
 */
export const crowd: WorkloadMaker = (world): Workload => {
  const { random } = world
  const depth = random.range(5, 24)
  let failed = 0
  return {
    name: "crowd",
    clientCount: random.range(2, 4),
    run: Effect.fnUntraced(function* (name, life) {
      const client = yield* ledgerClient(world, kvMachine)
      const lane = Effect.fnUntraced(function* (index: number) {
        for (let count = 1; world.phase !== "over" && world.mayOperate(name); count++) {
          const command = { _tag: "Put", key: name, value: `${life}/${index}/${count}` } as const
          yield* client.inTime(timeoutMs, client.submit(command, { timeoutMs, unique: true }), {
            onSuccess: () => undefined,
            onFailure: () => {
              failed++
            }
          })
        }
      })
      const lanes = Array.from({ length: depth }, (_, index) => lane(index))
      yield* Effect.all(lanes, { concurrency: "unbounded", discard: true })
    }),
    check: () => (failed === 0 ? undefined : `${failed} commands of a crowd failed, and nothing else had`)
  }
}
