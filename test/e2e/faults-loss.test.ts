/** Messages lost one by one, and nodes killed under load: every command takes effect, each once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import type { BusShape } from "../../src/runtime/bus/port.ts"
import { startCluster } from "../support/cluster.ts"
import { clientOf, serving } from "../support/cluster-client.ts"
import { beginFill, fill, lostOrTwice } from "../support/cluster-fill.ts"
import { eventually } from "../support/processes.ts"

const isFull = process.env["APLOMB_E2E"] === "full"
const keyAt = (index: number) => `l${index % 5000}`
const valueAt = (index: number) => String(index)

/** A bus on which some of what is published, by its number, vanishes without a word. */
const losing =
  (isLost: (count: number) => boolean) =>
  (bus: BusShape): BusShape => {
    let count = 0
    return {
      ...bus,
      publish: (subject, payload, replyTo) =>
        isLost(++count) ? "sent" : bus.publish(subject, payload, replyTo)
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
        const filling = yield* fill(client, { count: 200_000, keyAt, valueAt, concurrency: 2048 })
        assert.deepStrictEqual(filling.failures.slice(0, 3), [], `${filling.failures.length} failed`)
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "l", valueAt), [])
      }),
    { timeout: 180_000 }
  )
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
        const filling = beginFill(client, { count: 100_000_000, keyAt, valueAt, concurrency: 1024 })
        const goesOn = Effect.suspend(() => {
          const before = filling.acknowledged()
          return eventually("commands go on", () => filling.acknowledged() > before + 5000, { log })
        })
        const kills = Effect.gen(function* () {
          for (const id of ["n1", "n2"]) {
            yield* goesOn
            yield* cluster.node(id).kill
            yield* cluster.node(id).start()
          }
          yield* goesOn
          yield* cluster.killAll
          yield* cluster.startAll
        })
        yield* Effect.repeat(kills, Schedule.recurs(isFull ? 5 : 1))
        yield* goesOn
        filling.end()
        yield* filling.done
        assert.deepStrictEqual(filling.failures, [], log())
        assert.deepStrictEqual(yield* lostOrTwice(client, filling, "l", valueAt), [])
        yield* Effect.log(`${filling.acknowledged()} commands, each once`)
      }),
    { timeout: 240_000 }
  )
})
