/** Examples that need a bus do what they show, against processes and real disks. */
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { natsServer } from "../support/nats-server.ts"
import { ownedProcess } from "../support/processes.ts"

/** What an example prints, as lines. */
const printed = Effect.fnUntraced(function* (name: string, env: Readonly<Record<string, string>>) {
  const example = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const owned = yield* ownedProcess({ command: process.execPath, args: ["--import", "tsx", example], env })
  const { code } = yield* owned.ended
  assert.strictEqual(code, 0, owned.log())
  return owned.stdout().trimEnd().split("\n")
})

it.live(
  "the session of the key-value store runs as it says, twice, and lets go of its connection",
  () =>
    Effect.gen(function* () {
      const cluster = yield* startCluster()
      yield* serving(cluster, yield* clientOf(cluster))
      const env = { APLOMB_SERVERS: cluster.nats.url, APLOMB_CLUSTER: "e2e" }
      for (let turn = 1; turn <= 2; turn++) {
        assert.deepStrictEqual(yield* printed("kv-session.ts", env), [
          "revisions grow: true",
          "too late for red: true, it is blue",
          "stock: 10",
          "shop/color = blue",
          "shop/stock = 10"
        ])
      }
    }),
  { timeout: 120_000 }
)

it.live(
  "the queue of jobs gives the job of a worker that stands still to another one, and refuses what is late",
  () =>
    Effect.gen(function* () {
      const { url } = yield* natsServer()
      assert.deepStrictEqual(yield* printed("job-queue.ts", { APLOMB_SERVERS: url }), [
        "a was added",
        "b was added",
        "a is there already",
        "the slow worker has a, and stands still",
        "the quick worker has done b at attempt 1",
        "the quick worker has done a at attempt 2",
        "the slow worker goes on; the ledger takes its write: false",
        "and the queue its report: false"
      ])
    }),
  { timeout: 120_000 }
)
