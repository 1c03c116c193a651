/**
 * Histories of clients while processes and the bus are killed, frozen and restarted: linearizable, and they
 * go on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { workload } from "../support/cluster-history.ts"
import { type Hurt, strikes } from "../support/cluster-nemesis.ts"

const seconds = Number(process.env["APLOMB_E2E_CHAOS_SECONDS"] ?? 7)
const firstSeed = Number(process.env["APLOMB_E2E_SEED"] ?? 1)
const keys = ["x", "y", "z"]
const clientCount = 4

const chaos = (seed: number, hurts?: ReadonlyArray<Hurt>) =>
  Effect.gen(function* () {
    const cluster = yield* startCluster()
    const clients = yield* Effect.forEach(Array.from({ length: clientCount }), () => clientOf(cluster))
    yield* serving(cluster, clients[0]!)
    const endsAtMs = Date.now() + seconds * 1000
    let isOver = false
    const { history, run, readAll } = yield* workload({ clients, keys, seed, isOver: () => isOver })
    const working = yield* Effect.forkChild(run)
    const struck = yield* strikes(cluster, seed, () => Date.now() > endsAtMs, hurts)
    const whileHurt = history.counts.ok
    // Healed: it must serve again, and every client must get through.
    yield* serving(cluster, clients[0]!)
    isOver = true
    yield* Fiber.join(working)
    const before = history.counts.ok
    yield* readAll
    const { verdict, text } = history.verdict()
    const told = `seed ${seed}: ${struck.join(", ")}; ${JSON.stringify(history.counts)}`
    assert.strictEqual(verdict, "linearizable", `${told}\n${text}\n${cluster.log()}`)
    const reads = clientCount * 2 * keys.length
    assert.strictEqual(history.counts.ok - before, reads, `a read failed after it was healed; ${told}`)
    assert.isAbove(whileHurt, 100, `hardly anything was done meanwhile; ${told}\n${cluster.log()}`)
    yield* Effect.log(told)
  })

describe("clients of a cluster that is hurt", () => {
  it.live(
    "see one linearizable store while processes and the bus are killed, frozen and restarted at random",
    () => chaos(firstSeed),
    { timeout: 240_000 }
  )

  it.live(
    "see one linearizable store while nodes are frozen past every timeout and come back",
    () => chaos(firstSeed + 1, ["freeze", "freeze-bus"]),
    { timeout: 240_000 }
  )
})
