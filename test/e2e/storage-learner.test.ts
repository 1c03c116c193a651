/**
 * A learner that is far behind gets old entries from the disks of others, under load, also when it is killed
 * or wiped.
 */
import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { beginFill, fill } from "../support/cluster-fill.ts"
import { eventually } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"
const valueBytes = 16 * 1024
/** Far more than a node holds of its log in memory. */
const logBytes = (isFull ? 512 : 96) * 2 ** 20
const groups = [{ name: "main", acceptors: ["n1", "n2"], learners: ["n3"] }]
/** Several masters begin only once all of them are there, and n3 comes late. */
const base = { groups, master: "n1" }
const keyAt = (index: number) => `key${index % 100}`
const valueAt = (index: number) => `${index}-${"v".repeat(valueBytes)}`

const appliedOf = (client: TestClient) =>
  Effect.map(statusOf(client), (seen) => {
    const at = (id: string) => seen.find((node) => node.id === id)?.groups[0]
    return { chosen: at("n1")?.chosen ?? 0, learned: at("n3")?.applied ?? 0 }
  })

/** Waits until n3 has applied `slot`. */
const learnedThrough = Effect.fnUntraced(function* (cluster: Cluster, client: TestClient, slot: number) {
  const begunMs = Date.now()
  for (;;) {
    const { learned } = yield* appliedOf(client)
    if (learned >= slot) return Date.now() - begunMs
    if (Date.now() - begunMs > 120_000) {
      return yield* Effect.die(new Error(`n3 is at ${learned}, not at ${slot}\n${cluster.log()}`))
    }
  }
})

describe("a learner that is behind", () => {
  it.live(
    "gets the whole log from the disks of others, after it was absent, killed on the way, and wiped",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({
          config: { ...base, snapshotBytes: 2 ** 31 },
          startsNodes: false
        })
        const [n1, n2, n3] = ["n1", "n2", "n3"].map((id) => cluster.node(id))
        yield* Effect.all([n1!.start(), n2!.start()], { concurrency: 2 })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const count = Math.ceil(logBytes / valueBytes)
        const filling = yield* fill(client, { count, keyAt, valueAt, concurrency: 64 })
        assert.deepStrictEqual(filling.failures, [], cluster.log())
        const { chosen } = yield* appliedOf(client)
        assert.isAtLeast(chosen, count)

        const load = beginFill(client, { count: 100_000_000, keyAt, valueAt: String, concurrency: 16 })
        yield* n3!.start()
        yield* learnedThrough(cluster, client, Math.floor(chosen / 4))
        yield* n3!.kill
        yield* n3!.start()
        const restMs = yield* learnedThrough(cluster, client, chosen)
        // The others' restart: what they hand out then comes from the disk alone.
        yield* n3!.kill
        yield* n3!.wipe
        yield* Effect.forEach([n1!, n2!], (node) => Effect.andThen(node.kill, node.start()), {
          concurrency: 2
        })
        yield* n3!.start()
        const wholeMs = yield* learnedThrough(cluster, client, chosen)
        load.end()
        yield* load.done
        assert.deepStrictEqual(load.failures, [], cluster.log())
        const { chosen: last } = yield* appliedOf(client)
        yield* learnedThrough(cluster, client, last)
        const size = `${(logBytes / 2 ** 20).toFixed(0)} MB`
        yield* Effect.log(`${size} learned in ${wholeMs} ms under load (rest after a kill: ${restMs} ms)`)
      }),
    { timeout: 300_000 }
  )

  it.live(
    "gets from another what one cannot read any more: that one says so and ends",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({
          config: { ...base, segmentBytes: 2 ** 20 },
          startsNodes: false
        })
        const [n1, n2, n3] = ["n1", "n2", "n3"].map((id) => cluster.node(id))
        yield* Effect.all([n1!.start(), n2!.start()], { concurrency: 2 })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        yield* fill(client, { count: 1000, keyAt, valueAt, concurrency: 64 })
        const { chosen } = yield* appliedOf(client)
        const oldest = openSync(join(n1!.data, "wal", "000000000001.log"), "r+")
        writeSync(oldest, Buffer.alloc(200_000, 0xa5), 0, 200_000, 300_000)
        closeSync(oldest)
        yield* n3!.start()
        const { log } = cluster
        yield* eventually("n1 ends", () => !n1!.isUp(), { log })
        assert.strictEqual(n1!.process().exit()?.signal, null, n1!.log())
        assert.notStrictEqual(n1!.process().exit()?.code, 0)
        assert.match(n1!.log(), /000000000001\.log is damaged at byte \d+: .*empty one/)
        assert.notMatch(n1!.log(), /is sound/)
        assert.isTrue(n2!.isUp(), log())
        yield* learnedThrough(cluster, client, chosen - 100)
      }),
    { timeout: 120_000 }
  )
})
