/** A node with a large log: how long from the start of its process until it serves. */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving, statusOf } from "../support/cluster-client.ts"
import { fill } from "../support/cluster-fill.ts"
import { residentBytes } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"
const logBytes = Number(process.env["APLOMB_E2E_LOG_BYTES"] ?? (isFull ? 2 * 2 ** 30 : 256 * 2 ** 20))
const valueBytes = Number(process.env["APLOMB_E2E_VALUE_BYTES"] ?? 64 * 1024)
const readyWithinMs = 20_000
const keyCount = 64

const walBytes = (data: string): number =>
  readdirSync(join(data, "wal")).reduce((sum, name) => sum + statSync(join(data, "wal", name)).size, 0)

describe("a node with a large log", () => {
  it.live(
    "serves its last write within 20 seconds after its process starts",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ nodes: ["n1"], config: { snapshotBytes: 2 ** 31 } })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const count = Math.ceil(logBytes / valueBytes)
        const filler = "v".repeat(valueBytes)
        const valueAt = (index: number) => `${index}-${filler}`
        const keyAt = (index: number) => `key${index % keyCount}`
        const writing = Date.now()
        const filling = yield* fill(client, {
          count,
          keyAt,
          valueAt,
          concurrency: Math.max(16, Math.min(4096, Math.floor((4 * 2 ** 20) / valueBytes)))
        })
        assert.deepStrictEqual(filling.failures, [], cluster.log())
        const wroteMs = Date.now() - writing
        const node = cluster.node("n1")
        assert.isAbove(walBytes(node.data), logBytes * 0.98)
        yield* node.kill
        const { startedAtMs, pid } = yield* node.start()
        yield* serving(cluster, client)
        const [seen] = yield* statusOf(client)
        const readyMs = Date.now() - startedAtMs
        const found = Option.getOrThrow(yield* client.kv.get(keyAt(count - 1)))
        assert.strictEqual(found.value, valueAt(count - 1), "the last acknowledged write is there")
        assert.strictEqual(seen?.groups[0]?.applied, seen?.groups[0]?.last)
        const size = `${(walBytes(node.data) / 2 ** 20).toFixed(0)} MB in ${count} commands`
        const rss = `${(residentBytes(pid) / 2 ** 20).toFixed(0)} MB resident`
        yield* Effect.log(`${size}, written in ${wroteMs} ms; ready after ${readyMs} ms, ${rss}`)
        assert.isBelow(readyMs, readyWithinMs)
      }),
    { timeout: 600_000 }
  )
})
