/**
 * The bus is absent, goes away and comes back: nodes wait and say so, commands resume by themselves, each
 * once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { beginFill, lostOrTwice } from "../support/cluster-fill.ts"
import { eventually } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"
const keyAt = (index: number) => `b${index % 2000}`
const valueAt = (index: number) => String(index)

describe("a bus that is absent", () => {
  it.live(
    "at the start is waited for, and the nodes serve once it is there",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ startsNodes: false })
        yield* cluster.nats.kill
        const launched = yield* Effect.forEach(cluster.nodes, (node) => node.launch(["--timeout", "0s"]))
        const { log } = cluster
        const saysSo = () => launched.every((owned) => /no bus at .* yet; waiting for it/.test(owned.log()))
        yield* eventually("each node says that there is no bus", saysSo, { log, withinMs: 30_000 })
        assert.isTrue(
          launched.every((owned) => owned.exit() === undefined),
          cluster.log()
        )
        yield* cluster.nats.start()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
      }),
    { timeout: 120_000 }
  )

  it.live(
    "for longer than a node is told to wait ends it with a sentence",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ startsNodes: false })
        yield* cluster.nats.kill
        const owned = yield* cluster.node("n1").launch(["--timeout", "1s"])
        const exit = yield* owned.ended
        assert.notStrictEqual(exit.code, 0)
        assert.match(owned.log(), /no bus at 127\.0\.0\.1:\d+/)
      }),
    { timeout: 60_000 }
  )
})

describe("a bus that goes away under load", () => {
  it.live(
    "and comes back, again and again: commands resume by themselves, none is lost, none is applied twice",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const clients = yield* Effect.forEach([0, 1, 2], () => clientOf(cluster))
        yield* serving(cluster, clients[0]!)
        const { log } = cluster
        const fillings = clients.map((client, at) =>
          beginFill(client, {
            count: 100_000_000,
            keyAt: (index) => `c${at}-${keyAt(index)}`,
            valueAt,
            concurrency: at === 0 ? 4096 : 64
          })
        )
        const total = () => fillings.reduce((sum, filling) => sum + filling.acknowledged(), 0)
        const goesOn = Effect.suspend(() => {
          const before = fillings.map((filling) => filling.acknowledged())
          const all = () => fillings.every((filling, at) => filling.acknowledged() > before[at]! + 500)
          return eventually("every client's commands go on", all, { log })
        })
        const breaks = Effect.gen(function* () {
          yield* goesOn
          yield* cluster.nats.kill
          yield* Effect.sleep(700)
          yield* cluster.nats.start()
          yield* goesOn
          yield* cluster.nats.freeze
          yield* Effect.sleep(3000)
          yield* cluster.nats.thaw
        })
        yield* Effect.repeat(breaks, Schedule.recurs(isFull ? 5 : 1))
        yield* goesOn
        for (const filling of fillings) filling.end()
        yield* Effect.forEach(fillings, (filling) => filling.done)
        for (const [at, filling] of fillings.entries()) {
          assert.deepStrictEqual(filling.failures, [], cluster.log())
          assert.deepStrictEqual(yield* lostOrTwice(clients[0]!, filling, `c${at}-`, valueAt), [])
        }
        for (const node of cluster.nodes) assert.isTrue(node.isUp(), cluster.log())
        yield* Effect.log(`${total()} commands, each once`)
      }),
    { timeout: 240_000 }
  )
})
