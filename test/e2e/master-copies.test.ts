/** A copy of the master's state from before an acceptor was retired: refused, or taken without any harm. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { fill, lostOrTwice } from "../support/cluster-fill.ts"

const keyAt = (index: number) => `k${index}`
const valueAt = (index: number) => `v${index}`
const count = 200

const fileOf = (cluster: Cluster) => join(cluster.node("n1").data, "master", "main.json")
const copyOf = (cluster: Cluster) => join(cluster.directory, "copy.json")

const acceptorsOf = Effect.fnUntraced(function* (client: TestClient) {
  const seen = yield* statusOf(client)
  return seen.find(({ id }) => id === "n1")?.groups[0]?.configuration?.acceptors ?? []
})

/** Copies the state, kills n3, and writes what n3 never hears of. Then nothing runs. */
const writtenWithoutN3 = Effect.fnUntraced(function* (cluster: Cluster, client: TestClient) {
  yield* serving(cluster, client)
  copyFileSync(fileOf(cluster), copyOf(cluster))
  yield* cluster.node("n3").kill
  const options = { count, keyAt, valueAt, concurrency: 16 }
  const filling = yield* fill(client, options)
  assert.deepStrictEqual(filling.failures, [], cluster.log())
  assert.deepStrictEqual(yield* acceptorsOf(client), ["n1", "n2"], cluster.log())
  yield* Effect.all([cluster.node("n1").stop, cluster.node("n2").stop], { concurrency: 2 })
  return filling
})

const withThreeMasters = (cluster: Cluster) => {
  for (const { id } of cluster.nodes) {
    const path = join(cluster.directory, `${id}.json`)
    const { master: _, ...config } = JSON.parse(readFileSync(path, "utf8"))
    writeFileSync(path, JSON.stringify({ ...config, masters: ["n1", "n2", "n3"] }))
  }
}

describe("the only master with an empty disk", () => {
  it.live(
    "never begins a group anew while an acceptor is there that has promised a ballot",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config: { master: "n1" } })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        yield* cluster.killAll
        yield* cluster.node("n1").wipe
        yield* Effect.all([cluster.node("n2").start(), cluster.node("n3").start()], { concurrency: 2 })
        const n1 = yield* cluster.node("n1").launch()
        const exit = yield* n1.ended
        assert.match(n1.log(), /ballot \d+ was handed out, and no master knows of it/)
        assert.notStrictEqual(exit.code, 0)
      }),
    { timeout: 120_000 }
  )
})

describe("a copy of the master's state from before an acceptor was retired", () => {
  it.live(
    "is refused beside the log of the only master, which has noted more",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config: { master: "n1" } })
        const client = yield* clientOf(cluster)
        yield* writtenWithoutN3(cluster, client)
        copyFileSync(copyOf(cluster), fileOf(cluster))
        const n1 = yield* cluster.node("n1").launch()
        const exit = yield* n1.ended
        assert.match(n1.log(), /it is an old copy/)
        assert.notStrictEqual(exit.code, 0)
      }),
    { timeout: 120_000 }
  )

  it.live(
    "is taken by three masters when all its acceptors are there, and nothing acknowledged is lost",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config: { master: "n1" } })
        const client = yield* clientOf(cluster)
        const filling = yield* writtenWithoutN3(cluster, client)
        copyFileSync(copyOf(cluster), fileOf(cluster))
        withThreeMasters(cluster)
        yield* cluster.startAll
        yield* serving(cluster, client)
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "k", valueAt), [], cluster.log())
      }),
    { timeout: 120_000 }
  )
})
