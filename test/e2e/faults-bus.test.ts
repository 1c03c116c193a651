/**
 * The bus is absent, goes away and comes back: nodes wait and say so, commands resume by themselves, each
 * once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { startCluster } from "../support/cluster.ts"
import { beginChains } from "../support/cluster-chains.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { eventually } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"

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
        yield* eventually("each node says that there is no bus", saysSo, { log })
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
        const chains = clients.map((client, at) => beginChains(client, `c${at}-`, at === 0 ? 4096 : 64))
        const total = () => chains.reduce((sum, each) => sum + each.acknowledged(), 0)
        const goesOn = Effect.suspend(() => {
          const before = chains.map((each) => each.acknowledged())
          const all = () =>
            chains.every((each, at) => each.isBroken() || each.acknowledged() > before[at]! + 500)
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
        for (const each of chains) {
          yield* each.end
          assert.deepStrictEqual(each.failures, [], cluster.log())
          assert.deepStrictEqual(yield* each.broken(clients[0]!), [])
        }
        for (const node of cluster.nodes) assert.isTrue(node.isUp(), cluster.log())
        yield* Effect.log(`${total()} commands, each once`)
      }),
    { timeout: 240_000 }
  )
})
