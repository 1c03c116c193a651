/** The example of the key-value store does what it shows, against processes and a real bus. */
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { ownedProcess } from "../support/processes.ts"

const example = fileURLToPath(new URL("../../examples/kv-session.ts", import.meta.url))

it.live(
  "the example runs as it says, twice, and lets go of its connection",
  () =>
    Effect.gen(function* () {
      const cluster = yield* startCluster()
      yield* serving(cluster, yield* clientOf(cluster))
      const env = { APLOMB_SERVERS: cluster.nats.url, APLOMB_CLUSTER: "e2e" }
      for (let turn = 1; turn <= 2; turn++) {
        const owned = yield* ownedProcess({
          command: process.execPath,
          args: ["--import", "tsx", example],
          env
        })
        const { code } = yield* owned.ended
        assert.strictEqual(code, 0, owned.log())
        assert.deepStrictEqual(owned.stdout().trimEnd().split("\n"), [
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
