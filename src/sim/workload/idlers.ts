/** Clients that write nothing for minutes, and then go on where they were. */
import { Effect } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import { sometimes } from "../assert.ts"
import { ledgerClient, type WorkloadMaker } from "./client.ts"
import type { Workload } from "./workload.ts"

const outlived = sometimes("idlers: a client wrote again after longer than sessions live")
const asked = sometimes("idlers: a client that wrote nothing was answered questions")

const timeoutMs = 30_000

/**
 * Each writes a key of its own, and lets it be for as long as sessions live, or longer; some ask meanwhile
 * what it is.
 */
export const idlers: WorkloadMaker = (world): Workload => ({
  name: "idlers",
  clientCount: world.random.range(1, 3),
  run: Effect.fnUntraced(function* (name, life) {
    const { random, cluster } = world
    const client = yield* ledgerClient(world, kvMachine)
    const isOver = () => world.phase === "over"
    const everyMs = random.range(1_000, 10_000)
    const isCurious = random.chance(0.5)
    const ask = Effect.suspend(() =>
      client.inTime(timeoutMs, client.ask({ _tag: "Get", key: name }, timeoutMs), {
        onSuccess: () => asked.check(true),
        onFailure: () => undefined
      })
    )
    let restedMs = 0
    for (let count = 1; !isOver() && world.mayOperate(name); count++) {
      const command = { _tag: "Put", key: name, value: `${life}/${count}` } as const
      yield* client.inTime(timeoutMs, client.submit(command, { timeoutMs, unique: true }), {
        onSuccess: () => outlived.check(restedMs > cluster!.options.sessionTtlMs),
        onFailure: () => undefined
      })
      restedMs = random.range(20_000, 100_000)
      for (let leftMs = restedMs; leftMs > 0 && !isOver(); leftMs -= everyMs) {
        if (isCurious) yield* ask
        yield* Effect.sleep(Math.min(leftMs, everyMs))
      }
    }
  })
})
