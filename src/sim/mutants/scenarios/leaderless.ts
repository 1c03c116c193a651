/** Groups without a leader for longer than sessions live: nobody could have shown a sign of life. */
import { Effect } from "effect"
import { kvMachine } from "../../../machines/kv.ts"
import { sometimes, unreachable } from "../../assert.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"
import { ledgerClient, type WorkloadMaker } from "../../workload/client.ts"
import { again } from "./choreography.ts"

const expired = unreachable("leaderless: a session ended while nobody led")
const outlived = sometimes(
  "leaderless: a session outlived a time without a leader that was longer than its own"
)

const timeoutMs = 120_000

/** What a client thinks between two commands is far less than a session lives. */
const thinkMostMs = 500

/** Clients that write all the time, and wait for as long as it takes. */
export const steadyWriters: WorkloadMaker = (world) => ({
  name: "steady-writers",
  clientCount: 2,
  run: Effect.fnUntraced(function* (name, life) {
    const { random, kernel, cluster } = world
    const client = yield* ledgerClient(world, kvMachine)
    for (let count = 1; world.phase !== "over"; count++) {
      const before = kernel.time.nowMicros
      const command = { _tag: "Put", key: name, value: `${life}/${count}` } as const
      yield* client.inTime(timeoutMs, client.submit(command, { timeoutMs, unique: true }), {
        onSuccess: () => {
          const waitedMs = (kernel.time.nowMicros - before) / 1_000
          outlived.check(waitedMs > cluster!.options.sessionTtlMs)
        },
        onFailure: ({ message }) => expired.reach(message)
      })
      yield* Effect.sleep(random.range(1, thinkMostMs))
    }
  })
})

/** All nodes are down, for longer than a short session lives, and come back with all that they had. */
export const longNights: FaultFamily = again("long-nights", (world) =>
  Effect.suspend(() => {
    const { random } = world
    const downMs = random.range(5_200, 9_000)
    const down = world.nodes().map((process) => world.reboot(process, "crash", downMs + random.range(0, 300)))
    return Effect.andThen(
      Effect.all(down, { concurrency: "unbounded", discard: true }),
      Effect.sleep(random.range(500, 3_000))
    )
  })
)
