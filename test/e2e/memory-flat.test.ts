/** Memory of the nodes: little at rest, and flat over millions of commands on a small set of keys. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { beginFill, lostOrTwice } from "../support/cluster-fill.ts"
import { eventually, residentBytes } from "../support/processes.ts"

// The heap takes about a million commands to find its size.
const commandCount = Number(process.env["APLOMB_E2E_COMMANDS"] ?? 3_000_000)
const megabyte = 2 ** 20
const restMaxBytes = 150 * megabyte
const growthMaxBytes = 30 * megabyte
const growthMaxShare = 0.15
const sampleEveryMs = 100

const keyAt = (index: number) => `m${index % 1000}`
const valueAt = (index: number) => String(index)

const resident = (cluster: Cluster) => cluster.nodes.map((node) => residentBytes(node.process().pid))
const inMegabytes = (bytes: ReadonlyArray<number>) =>
  bytes.map((each) => (each / megabyte).toFixed(0)).join(" ")

/** The largest that each was in a stretch of the load: between two collections of garbage memory swings. */
const peak = (samples: ReadonlyArray<ReadonlyArray<number>>) =>
  samples.reduce((high, sample) => high.map((bytes, at) => Math.max(bytes, sample[at]!)))

describe("the memory of the nodes", () => {
  it.live(
    `is at most 150 MB at rest, and no more after ${commandCount} commands than after a third of them`,
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        yield* Effect.sleep(2000)
        const atRest = resident(cluster)
        const begunMs = Date.now()
        const filling = beginFill(client, { count: commandCount, keyAt, valueAt, concurrency: 4096 })
        const samples: Array<{ readonly done: number; readonly bytes: ReadonlyArray<number> }> = []
        const isDone = () => filling.acknowledged() + filling.failures.length >= commandCount
        while (!isDone()) {
          yield* Effect.sleep(sampleEveryMs)
          samples.push({ done: filling.acknowledged() / commandCount, bytes: resident(cluster) })
          if (Date.now() - begunMs > 500_000) break
        }
        yield* eventually("all commands are acknowledged", isDone, { withinMs: 0, log: cluster.log })
        const rate = Math.round(commandCount / ((Date.now() - begunMs) / 1000))
        const during = (from: number, to: number) =>
          peak(samples.filter(({ done }) => done >= from && done < to).map(({ bytes }) => bytes))
        const [early, late] = [during(0.33, 0.5), during(0.83, 1)]
        yield* Effect.sleep(3000)
        const after = resident(cluster)
        yield* Effect.log(
          `${commandCount} commands, ${rate}/s; resident MB of n1 n2 n3: at rest ${inMegabytes(atRest)}; ` +
            `at 33-50 % ${inMegabytes(early)}; at 83-100 % ${inMegabytes(late)}; ` +
            `idle after ${inMegabytes(after)}`
        )
        assert.deepStrictEqual(filling.failures, [])
        for (const bytes of atRest) assert.isAtMost(bytes, restMaxBytes)
        for (const [at, bytes] of late.entries()) {
          const allowed = early[at]! + Math.max(growthMaxBytes, early[at]! * growthMaxShare)
          assert.isAtMost(bytes, allowed, `${cluster.nodes[at]!.id} grew from ${early[at]} to ${bytes} bytes`)
        }
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "m", valueAt), [])
      }),
    { timeout: 600_000 }
  )
})
