/** Messages lost one by one, and nodes killed under load: every command takes effect, each once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import type { BusShape } from "../../src/runtime/bus/port.ts"
import { startCluster } from "../support/cluster.ts"
import { beginChains } from "../support/cluster-chains.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { eventually } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"

/** A bus on which some of what is published or comes in, by its number, vanishes without a word. */
const losing =
  (isLost: (count: number) => boolean) =>
  (bus: BusShape): BusShape => {
    let count = 0
    return {
      ...bus,
      publish: (subject, payload, replyTo) =>
        isLost(++count) ? "sent" : bus.publish(subject, payload, replyTo),
      subscribe: (subject, handlers) =>
        bus.subscribe(subject, {
          ...handlers,
          onMessage: (payload, at, replyTo) => {
            if (!isLost(++count)) handlers.onMessage(payload, at, replyTo)
          }
        })
    }
  }

describe("a client that sends tens of thousands of commands a second", () => {
  it.live(
    "gets all of them through, each once, although one message in a hundred is lost on the way",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(
          cluster,
          losing((count) => count % 100 === 50)
        )
        yield* serving(cluster, client)
        const chains = beginChains(client, "l", 2048)
        const { log } = cluster
        const isEnough = () => chains.acknowledged() >= 100_000 || chains.isBroken()
        yield* eventually("100,000 commands", isEnough, { log })
        yield* chains.end
        assert.deepStrictEqual(chains.failures.slice(0, 3), [], `${chains.failures.length} failed`)
        assert.deepStrictEqual(yield* chains.broken(client), [])
      }),
    { timeout: 180_000 }
  )
})

/** Who leads the newest configuration that anybody knows. */
const leaderOf = (client: TestClient) =>
  Effect.map(statusOf(client), (seen) => {
    const known = seen.flatMap(({ groups }) => groups.flatMap(({ configuration }) => configuration ?? []))
    return known.sort((a, b) => b.ballot - a.ballot).at(0)?.leader
  })

describe("nodes killed under load", () => {
  it.live(
    "the leader, a follower, all of them: commands resume by themselves, none is lost, none is applied twice",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const { log } = cluster
        const chains = beginChains(client, "l", 1024)
        const goesOn = Effect.suspend(() => {
          const before = chains.acknowledged()
          return eventually(
            "commands go on",
            () => chains.acknowledged() > before + 5000 || chains.isBroken(),
            { log }
          )
        })
        const kills = Effect.gen(function* () {
          for (const isLeader of [true, false]) {
            yield* goesOn
            const leader = yield* leaderOf(client)
            const struck = cluster.nodes.find(({ id }) => (id === leader) === isLeader)!
            yield* struck.kill
            yield* struck.start()
          }
          yield* goesOn
          yield* cluster.killAll
          yield* cluster.startAll
        })
        yield* Effect.repeat(kills, Schedule.recurs(isFull ? 5 : 0))
        yield* goesOn
        yield* chains.end
        assert.deepStrictEqual(chains.failures, [], log())
        assert.deepStrictEqual(yield* chains.broken(client), [])
        yield* Effect.log(`${chains.acknowledged()} commands, each once`)
      }),
    { timeout: 240_000 }
  )
})
