/** Data directories that must not be run on: one clear sentence, an exit code, and the others go on. */
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { beginFill, fill, lostOrTwice } from "../support/cluster-fill.ts"
import { eventually } from "../support/processes.ts"

const keyAt = (index: number) => `d${index % 200}`
const valueAt = (index: number) => `${index}-${"v".repeat(2000)}`
// Three segments of 1 MB each, and more, so that there is an old one to damage.
const options = { count: 2000, keyAt, valueAt }
const config = { segmentBytes: 2 ** 20 }

const segment = (data: string, number: number) => join(data, "wal", `${String(number).padStart(12, "0")}.log`)

const flipByte = async (path: string, offset: number) => {
  const file = await open(path, "r+")
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset)
  await file.write(Buffer.of(buffer[0]! ^ 0xff), 0, 1, offset)
  await file.close()
}

const editIdentity = (data: string, edit: (fields: Record<string, unknown>) => void) => {
  const path = join(data, "identity.json")
  const fields = JSON.parse(readFileSync(path, "utf8"))
  edit(fields)
  writeFileSync(path, JSON.stringify(fields, undefined, 2))
}

const exitWithinMs = 60_000

/** Starts n3 and expects that it says so and ends, with one line on stderr. */
const refuses = Effect.fnUntraced(function* (
  cluster: Cluster,
  sentence: RegExp,
  flags: ReadonlyArray<string> = []
) {
  const owned = yield* cluster.node("n3").launch(flags)
  const exit = yield* owned.ended.pipe(
    Effect.timeoutOrElse({ duration: exitWithinMs, orElse: () => Effect.die(new Error(cluster.log())) })
  )
  assert.match(owned.log(), sentence)
  assert.strictEqual(owned.log().trimEnd().split("\n").length, 1, `one sentence, not more: ${owned.log()}`)
  assert.notStrictEqual(exit.code, 0)
  assert.isNotNull(exit.code, `it ended by a signal: ${exit.signal}`)
})

/** The others are up, and say so, whatever became of n3. */
const othersAreUp = Effect.fnUntraced(function* (cluster: Cluster, client: TestClient) {
  const ids = (yield* statusOf(client)).map(({ id }) => id)
  assert.deepStrictEqual(ids, ["n1", "n2"], cluster.log())
})

interface Damage {
  readonly name: string
  readonly damage: (data: string) => Promise<void> | void
  readonly sentence: RegExp
}

const damages: ReadonlyArray<Damage> = [
  {
    name: "a corrupt byte in an old frame",
    damage: (data) => flipByte(segment(data, 1), 300_000),
    sentence: /000000000001\.log is damaged at byte \d+: .*empty one/
  },
  {
    name: "a truncated segment",
    damage: (data) => truncateSync(segment(data, 2), 500_000),
    sentence: /000000000002\.log is damaged at byte 500000: .*1048576 bytes, and it has 500000/
  },
  {
    name: "a segment emptied of its second half",
    damage: async (data) => {
      const file = await open(segment(data, 1), "r+")
      await file.write(Buffer.alloc(2 ** 19), 0, 2 ** 19, 2 ** 19)
      await file.close()
    },
    sentence: /is damaged at byte \d+/
  },
  {
    name: "a missing segment",
    damage: (data) => rmSync(segment(data, 2)),
    sentence: /000000000002\.log is damaged at byte 0: segment 2 of \d+ is missing/
  },
  {
    name: "an old segment put in the place of a newer one",
    damage: (data) => copyFileSync(segment(data, 1), segment(data, 2)),
    sentence: /is damaged at byte \d+/
  },
  {
    name: "the cluster id of another cluster",
    damage: (data) => editIdentity(data, (fields) => void (fields["clusterId"] = "other")),
    sentence: /identity\.json is damaged .* was it edited\?/
  },
  {
    name: "an unknown format",
    damage: (data) => editIdentity(data, (fields) => Object.assign(fields, { format: 99, checksum: 1 })),
    sentence: /has format 99, and this version reads format 1 only/
  },
  {
    name: "a format that has rotted",
    damage: (data) => editIdentity(data, (fields) => void (fields["format"] = 99)),
    sentence: /is damaged .* its checksum says it has format 1; was it edited\?/
  },
  {
    name: "a log without its identity",
    damage: (data) => rmSync(join(data, "identity.json")),
    sentence: /identity\.json is damaged at byte 0: there are log segments, and no identity\.json/
  },
  {
    name: "an identity that is no JSON",
    damage: (data) => writeFileSync(join(data, "identity.json"), "\u0000\u0000\u0000"),
    sentence: /identity\.json is damaged at byte 0: it is not JSON/
  }
]

describe("a damaged data directory", () => {
  it.live(
    "is refused in one sentence that says what to do, the others go on, and the sound copy resumes",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const filling = yield* fill(client, options)
        assert.strictEqual(filling.acknowledged(), options.count, cluster.log())
        const n3 = cluster.node("n3")
        // On a busy machine it may have been left behind; then it learns the rest.
        const segments = (data: string) => readdirSync(join(data, "wal")).length
        yield* eventually("n3 has four segments", () => segments(n3.data) >= 4, { log: () => cluster.log() })
        yield* n3.kill
        const sound = join(cluster.directory, "sound")
        cpSync(n3.data, sound, { recursive: true })
        assert.isAtLeast(segments(sound), 4)
        for (const { name, damage, sentence } of damages) {
          yield* Effect.log(name)
          yield* Effect.promise(async () => damage(n3.data))
          yield* refuses(cluster, sentence)
          yield* othersAreUp(cluster, client)
          yield* n3.wipe
          cpSync(sound, n3.data, { recursive: true })
        }
        yield* n3.start()
        yield* serving(cluster, client)
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "d", valueAt), [])
      }),
    { timeout: 180_000 }
  )
})

describe("an old copy of a data directory", () => {
  it.live(
    "is refused, be the others up or have all been down, and the node comes back with an empty one",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const n3 = cluster.node("n3")
        yield* n3.kill
        const old = join(cluster.directory, "old")
        cpSync(n3.data, old, { recursive: true })
        yield* n3.start()
        yield* serving(cluster, client)
        const filling = yield* fill(client, { ...options, count: 500 })
        // A beat for the others to hear, and a second for them to write it down.
        yield* Effect.sleep(1500)
        const putBack = Effect.gen(function* () {
          yield* n3.wipe
          cpSync(old, n3.data, { recursive: true })
          yield* refuses(
            cluster,
            /n3 is an old copy.* to frame \d+, and n[12] has heard of \d+; .*an empty dir/
          )
        })
        yield* n3.kill
        yield* putBack
        yield* othersAreUp(cluster, client)
        const others = ["n1", "n2"].map((name) => cluster.node(name))
        for (const other of others) yield* other.kill
        yield* Effect.forEach(others, (other) => other.start(), { concurrency: 2 })
        yield* putBack
        yield* n3.wipe
        yield* n3.start()
        yield* serving(cluster, client)
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "d", valueAt), [])
      }),
    { timeout: 120_000 }
  )
})

describe("a data directory of somebody else", () => {
  it.live(
    "is refused in one sentence: in use by a process that runs, of another cluster or node",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const [n1, n3] = [cluster.node("n1"), cluster.node("n3")]
        yield* n3.kill
        yield* refuses(cluster, /the data directory .* is in use by .*; stop that process/, [
          "--data",
          n1.data
        ])
        yield* refuses(cluster, /belongs to the cluster "e2e", not to "another"/, ["--cluster", "another"])
        yield* refuses(cluster, /belongs to the node "n3", not to "n2"; correct the name/, ["--node", "n2"])
        yield* othersAreUp(cluster, client)
        yield* n3.start()
        yield* serving(cluster, client)
      }),
    { timeout: 120_000 }
  )

  it.live(
    "while the log is torn at its end, the node starts and has everything acknowledged",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ config })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const filling = beginFill(client, { ...options, count: 1_000_000, timeoutMs: 90_000 })
        yield* Effect.sleep(1000)
        yield* cluster.killAll
        yield* cluster.startAll
        yield* Effect.sleep(500)
        filling.end()
        yield* filling.done
        yield* serving(cluster, client)
        assert.deepStrictEqual(filling.failures, [], cluster.log())
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "d", valueAt), [])
      }),
    { timeout: 180_000 }
  )
})
