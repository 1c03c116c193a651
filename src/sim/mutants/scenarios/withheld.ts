/** A client that an acceptor cannot tell anything, and that sends a command before it has the last result. */
import { Effect } from "effect"
import { kvMachine } from "../../../machines/kv.ts"
import { monotonicMs } from "../../../runtime/monotonic.ts"
import { always } from "../../assert.ts"
import { ledgerClient, type WorkloadMaker } from "../../workload/client.ts"
import type { Workload } from "../../workload/workload.ts"

const isSoon = always("withheld: a result that was kept back comes before the client asks again")

/** A client asks again after a second. */
const soonMs = 500
const pairs = 60

/** Pairs of commands, the second one a moment after the first, while nothing fails but the one link. */
export const withheld: WorkloadMaker = (world): Workload => {
  const { random } = world
  let isDone = false
  return {
    name: "withheld",
    clientCount: 1,
    isDone: () => isDone,
    run: Effect.fnUntraced(function* (name, life) {
      const client = yield* ledgerClient(world, kvMachine)
      const put = Effect.fnUntraced(function* (key: string, value: string) {
        const sinceMs = yield* monotonicMs
        yield* client.submit({ _tag: "Put", key, value }, { timeoutMs: 20_000, unique: true })
        return (yield* monotonicMs) - sinceMs
      })
      // From now on the group is led, and the client knows by whom.
      yield* put("withheld", `${life}/0`)
      const leader = world.cluster!.oracle.master?.active?.leader.node
      const mute = world.cluster!.options.acceptors.find((node) => node !== leader)!
      yield* Effect.acquireRelease(
        Effect.sync(() => world.bus.severOneWay(mute, name)),
        (heal) => Effect.sync(heal)
      )
      for (let pair = 1; pair <= pairs; pair++) {
        const gapMs = random.range(1, 20)
        const tookMs = yield* Effect.all(
          [put("withheld", `${life}/${pair}`), Effect.delay(put("withheld", `${life}/${pair}b`), gapMs)],
          { concurrency: "unbounded" }
        )
        isSoon.check(Math.max(...tookMs) <= soonMs, () => `${tookMs.map(Math.round).join(" and ")} ms`)
        yield* Effect.sleep(random.range(1, 60))
      }
      isDone = true
    })
  }
}
