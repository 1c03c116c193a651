/** A killed primary, a killed backup, the last one alone: writes go on soon, none is lost or doubled. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { startCluster } from "../support/cluster.ts"
import { beginChains, type Chains } from "../support/cluster-chains.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { eventually } from "../support/processes.ts"

const acceptors = ["n1", "n2", "n3"]
/** The master lives on a node that is not killed here. */
const apart = {
  nodes: [...acceptors, "master"],
  config: { master: "master", groups: [{ name: "main", acceptors }] }
}

/** A machine that runs other tests beside this one may be late; the figures themselves are told. */
const withinMs = 2000

/** The longest time without an acknowledgement from now until commands have gone on for a while. */
const longestGap = Effect.fnUntraced(function* (
  chains: Chains,
  during: Effect.Effect<void>,
  log: () => string
) {
  const before = chains.acknowledged()
  let [seen, sinceMs, longestMs] = [before, performance.now(), 0]
  const timer = setInterval(() => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - sinceMs)
    if (chains.acknowledged() === seen) return
    seen = chains.acknowledged()
    sinceMs = nowMs
  }, 1)
  yield* during
  const killed = chains.acknowledged()
  yield* Effect.sleep(1000)
  const isEnough = () => chains.acknowledged() > killed + 2000 || chains.isBroken()
  yield* eventually("commands go on", isEnough, { log })
  clearInterval(timer)
  return Math.round(longestMs)
})

describe("a group whose nodes are killed one after the other", () => {
  it.live(
    "goes on without each of them, down to the last, and with all of them when they are back",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster(apart)
        const client = yield* clientOf(cluster)
        const { log } = cluster
        yield* serving(cluster, client)
        const chains = beginChains(client, "f", 256)
        yield* Effect.sleep(1000)
        const told: Array<string> = []
        for (const [id, what] of [
          ["n1", "primary"],
          ["n3", "backup"]
        ] as const) {
          const gapMs = yield* longestGap(chains, cluster.node(id).kill, log)
          told.push(`${what} killed: ${gapMs} ms`)
          assert.isBelow(gapMs, withinMs, `${told.join(", ")}\n${log()}`)
        }
        for (const id of ["n1", "n3"]) yield* cluster.node(id).start()
        yield* Effect.sleep(1000)
        yield* chains.end
        assert.deepStrictEqual(chains.failures, [], log())
        assert.deepStrictEqual(yield* chains.broken(client), [])
        yield* Effect.log(told.join(", "))
      }),
    { timeout: 120_000 }
  )
})
