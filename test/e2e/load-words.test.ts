/**
 * 274,137 real records through the command line, with every process killed on the way: the dump equals the
 * file.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { reservedPrefix } from "../../src/cli/kv/connection.ts"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { beginLoad, dumpOf, firstDifference, writeWords } from "../support/cluster-load.ts"
import { eventually, type OwnedProcess } from "../support/processes.ts"

/** Waits until the leader has chosen so many more slots than there were at the start of the load. */
const chosenPast = Effect.fnUntraced(function* (
  cluster: Cluster,
  client: TestClient,
  slots: number,
  loader: OwnedProcess
) {
  while (loader.exit() === undefined) {
    const seen = yield* statusOf(client)
    if (seen.some((node) => node.groups.some((group) => group.chosen > slots))) return
  }
  const log = `${loader.log()}\n${cluster.log()}`
  return yield* Effect.die(new Error(`the load was over before it came to ${slots} slots\n${log}`))
})

/** Waits until the load has noted in the store how far it is. */
const progressNoted = Effect.fnUntraced(function* ({ kv }: TestClient, loader: OwnedProcess) {
  while (loader.exit() === undefined) {
    const notes = yield* Stream.runCollect(kv.list(`${reservedPrefix}load/`))
    if (notes.some(({ value }) => JSON.parse(String(value)).records > 0)) return
  }
  return yield* Effect.die(new Error(`the load was over before it noted how far it was\n${loader.log()}`))
})

const loadedAll = (log: string, count: number): void => {
  const { records, skipped } = JSON.parse(log.trimEnd().split("\n").at(-1)!)
  assert.strictEqual(records + skipped, count)
}

describe("a file of 274,137 records", () => {
  it.live(
    "is in the store as it is in the file, also after every process was killed and started again",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const words = writeWords(cluster.directory)
        assert.isAtLeast(words.count, 100_000)
        const begunMs = Date.now()
        const loader = yield* beginLoad(cluster, words.path)
        const exit = yield* loader.ended
        assert.strictEqual(exit.code, 0, `${loader.log()}\n${cluster.log()}`)
        yield* Effect.log(`loaded in ${Date.now() - begunMs} ms: ${loader.stdout().trim()}`)
        loadedAll(loader.stdout(), words.count)
        yield* cluster.killAll
        yield* cluster.startAll
        yield* serving(cluster, client)
        yield* client.kv.delete("serving?")
        assert.strictEqual(firstDifference(yield* dumpOf(cluster), words.dump), undefined)
        // Exactly the words' records are in the log, and what belongs to the loading of them: none came
        // twice.
        const again = yield* beginLoad(cluster, words.path)
        assert.strictEqual((yield* again.ended).code, 0, again.log())
        const { records, skipped } = JSON.parse(again.stdout())
        assert.deepStrictEqual({ records, skipped }, { records: 0, skipped: words.count })
      }),
    { timeout: 360_000 }
  )

  it.live(
    "is loaded whole although leader, follower, bus and all nodes are killed meanwhile, by the same run",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const words = writeWords(cluster.directory)
        const loader = yield* beginLoad(cluster, words.path)
        const { log } = cluster
        const stillLoading = () => assert.isUndefined(loader.exit(), `the load was over too soon\n${log()}`)
        // A cluster goes on without the one that was killed: the load must not be over before that is back.
        const held = <A, E, R>(start: Effect.Effect<A, E, R>) =>
          Effect.gen(function* () {
            loader.signal("SIGSTOP")
            yield* start
            loader.signal("SIGCONT")
          })
        yield* chosenPast(cluster, client, 20_000, loader)
        yield* cluster.node("n1").kill
        stillLoading()
        yield* held(cluster.node("n1").start())
        yield* chosenPast(cluster, client, 60_000, loader)
        yield* cluster.node("n2").kill
        stillLoading()
        yield* held(cluster.node("n2").start())
        yield* chosenPast(cluster, client, 100_000, loader)
        yield* cluster.nats.kill
        stillLoading()
        yield* held(cluster.nats.start())
        yield* chosenPast(cluster, client, 150_000, loader)
        yield* cluster.killAll
        stillLoading()
        yield* held(cluster.startAll)
        yield* eventually("the load ends", () => loader.exit() !== undefined, { log, withinMs: 240_000 })
        assert.strictEqual(loader.exit()?.code, 0, `${loader.log()}\n${log()}`)
        loadedAll(loader.stdout(), words.count)
        yield* client.kv.delete("serving?")
        assert.strictEqual(firstDifference(yield* dumpOf(cluster), words.dump), undefined)
      }),
    { timeout: 360_000 }
  )

  it.live(
    "is loaded whole by a second run when the loader itself is killed, and that run skips what was done",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const words = writeWords(cluster.directory)
        const loader = yield* beginLoad(cluster, words.path)
        yield* progressNoted(client, loader)
        loader.signal("SIGKILL")
        assert.strictEqual((yield* loader.ended).signal, "SIGKILL", "the load was over too soon")
        const second = yield* beginLoad(cluster, words.path)
        assert.strictEqual((yield* second.ended).code, 0, `${second.log()}\n${cluster.log()}`)
        loadedAll(second.stdout(), words.count)
        assert.isAbove(JSON.parse(second.stdout()).skipped, 0, "nothing was skipped")
        yield* client.kv.delete("serving?")
        assert.strictEqual(firstDifference(yield* dumpOf(cluster), words.dump), undefined)
      }),
    { timeout: 360_000 }
  )
})
