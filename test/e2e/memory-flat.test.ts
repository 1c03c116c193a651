/** Memory of the nodes: little at rest, and flat over millions of commands on a small set of keys. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { beginFill, lostOrTwice } from "../support/cluster-fill.ts"
import { residentBytes } from "../support/processes.ts"

// The heap takes one to three million commands to find its size, so growth has until twice as many to end.
const commandCount = Number(process.env["APLOMB_E2E_COMMANDS"] ?? 3_000_000)
const partsBefore = 6
const partsMost = 2 * partsBefore
const partCommands = commandCount / partsBefore
const megabyte = 2 ** 20
const restMaxBytes = 120 * megabyte
const growthMaxBytes = 30 * megabyte
const growthMaxShare = 0.15
const sampleEveryMs = 100

const keyAt = (index: number) => `m${index % 1000}`
const valueAt = (index: number) => String(index)

const resident = (cluster: Cluster) => cluster.nodes.map((node) => residentBytes(node.process().pid))
const inMegabytes = (bytes: ReadonlyArray<number>) =>
  bytes.map((each) => (each / megabyte).toFixed(0)).join(" ")

/** The largest that each was in a part of the load: between two collections of garbage memory swings. */
const peakOf = (samples: ReadonlyArray<ReadonlyArray<number>>) =>
  samples.reduce((high, sample) => high.map((bytes, at) => Math.max(bytes, sample[at]!)))

/** Which nodes are larger, by more than is allowed, in the last part than three parts earlier. */
const grown = (peaks: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> => {
  const [early, late] = [peaks.at(-4)!, peaks.at(-1)!]
  return [...late.keys()].filter(
    (at) => late[at]! > early[at]! + Math.max(growthMaxBytes, early[at]! * growthMaxShare)
  )
}

describe("the memory of the nodes", () => {
  it.live(
    `is at most 120 MB at rest, and grows no more after ${commandCount} to ${2 * commandCount} commands`,
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        yield* Effect.sleep(2000)
        const atRest = resident(cluster)
        const begunMs = Date.now()
        const filling = beginFill(client, { count: 2 * commandCount, keyAt, valueAt, concurrency: 4096 })
        const peaks: Array<ReadonlyArray<number>> = []
        while (peaks.length < partsBefore || (grown(peaks).length > 0 && peaks.length < partsMost)) {
          const samples = [resident(cluster)]
          while (filling.acknowledged() + filling.failures.length < (peaks.length + 1) * partCommands) {
            yield* Effect.sleep(sampleEveryMs)
            samples.push(resident(cluster))
          }
          peaks.push(peakOf(samples))
        }
        const rate = Math.round(filling.acknowledged() / ((Date.now() - begunMs) / 1000))
        filling.end()
        yield* filling.done
        yield* Effect.log(
          `${filling.acknowledged()} commands, ${rate}/s; resident MB of n1 n2 n3: at rest ` +
            `${inMegabytes(atRest)}; in each ${partCommands} commands ` +
            peaks.map(inMegabytes).join(", ")
        )
        assert.deepStrictEqual(filling.failures, [])
        for (const bytes of atRest) assert.isAtMost(bytes, restMaxBytes)
        const still = grown(peaks).map((at) => cluster.nodes[at]!.id)
        assert.deepStrictEqual(still, [], "nodes that go on growing")
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "m", valueAt), [])
      }),
    { timeout: 600_000 }
  )
})
