/** A copy of the master's state from before an acceptor was retired: refused, or taken without any harm. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { aplomb, type Cluster, clusterName, startCluster } from "../support/cluster.ts"
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

/** On a busy machine a node that starts late is dropped, has promised nothing, and is taken in again. */
const whole = Effect.fnUntraced(function* (cluster: Cluster, client: TestClient) {
  yield* serving(cluster, client)
  while ((yield* acceptorsOf(client)).length < cluster.nodes.length) yield* Effect.sleep(100)
})

/** Copies the state, kills n3, and writes what n3 never hears of. Then nothing runs. */
const writtenWithoutN3 = Effect.fnUntraced(function* (cluster: Cluster, client: TestClient) {
  yield* whole(cluster, client)
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
        yield* whole(cluster, client)
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

const sixNodes = ["n1", "n2", "n3", "n4", "n5", "n6"]
const apart = {
  nodes: sixNodes,
  config: {
    masters: sixNodes.slice(3),
    groups: [{ name: "main", acceptors: sixNodes.slice(0, 3) }]
  }
}

describe("aplomb master", () => {
  it.live(
    "copies what three masters hold, and they begin with it when all their disks are gone",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster(apart)
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const words = ["--servers", `127.0.0.1:${cluster.nats.port}`, "--cluster", clusterName, "--json"]
        const shown = yield* aplomb(["master", "status", ...words])
        assert.strictEqual(shown.code, 0, shown.log)
        const { majority, masters, groups } = JSON.parse(shown.stdout)
        assert.isTrue(majority)
        assert.deepStrictEqual(
          masters.map(({ id, state }: { id: string; state: string }) => [id, state]),
          sixNodes.slice(3).map((id) => [id, "seated"])
        )
        assert.strictEqual(groups[0].group, "main")
        const backup = yield* aplomb(["master", "backup", join(cluster.directory, "copies"), ...words])
        assert.strictEqual(backup.code, 0, backup.log)
        const [{ version, file }] = JSON.parse(backup.stdout)
        assert.isAtLeast(version, 1)
        yield* cluster.node("n3").kill
        const filling = yield* fill(client, { count, keyAt, valueAt, concurrency: 16 })
        assert.deepStrictEqual(filling.failures, [], cluster.log())
        yield* cluster.killAll
        for (const id of sixNodes.slice(3)) yield* cluster.node(id).wipe
        const directory = join(cluster.node("n4").data, "master")
        mkdirSync(directory, { recursive: true })
        copyFileSync(file, join(directory, "main.json"))
        yield* cluster.startAll
        yield* serving(cluster, client)
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "k", valueAt), [], cluster.log())
      }),
    { timeout: 120_000 }
  )
})
