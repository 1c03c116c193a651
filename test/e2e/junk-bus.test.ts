/**
 * Noise, forgeries and old packets on every subject, under load: nobody crashes, it is counted, commands go
 * on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { BusShape } from "../../src/runtime/bus/port.ts"
import { type Cluster, startCluster } from "../support/cluster.ts"
import { busTo, clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { seeded, workload } from "../support/cluster-history.ts"
import { forgeries, junkMessage, listenedSubjects, overhear } from "../support/cluster-junk.ts"
import { eventually } from "../support/processes.ts"

const seed = Number(process.env["APLOMB_E2E_SEED"] ?? 1)
const keys = ["x", "y", "z"]

/** So many commands have to go through while it strikes, however often it takes to strike for that. */
const goOnBy = 100
const strikesForMs = 60_000
/** What a busy machine does late is no finding. */
const operationTimeoutMs = 15_000

/** Runs `strike` under a workload; then everybody lives on, and the history is linearizable. */
const underLoad = Effect.fnUntraced(function* <E, R>(
  cluster: Cluster,
  clients: ReadonlyArray<TestClient>,
  strike: Effect.Effect<void, E, R>
) {
  let isOver = false
  const { history, run, readAll } = yield* workload({
    ...{ clients, keys, seed, operationTimeoutMs },
    isOver: () => isOver
  })
  const working = yield* Effect.forkChild(run)
  yield* eventually("commands go through", () => history.counts.ok > 0, cluster)
  const [before, endsAtMs] = [history.counts.ok, Date.now() + strikesForMs]
  do yield* strike
  while (history.counts.ok - before <= goOnBy && Date.now() < endsAtMs)
  const after = history.counts.ok
  yield* serving(cluster, clients[0]!)
  isOver = true
  yield* Fiber.join(working)
  yield* readAll
  for (const node of cluster.nodes) assert.isTrue(node.isUp(), `${node.id} ended\n${cluster.log()}`)
  const { verdict, text } = history.verdict()
  assert.strictEqual(verdict, "linearizable", text)
  assert.isAbove(
    after - before,
    goOnBy,
    `commands did not go on\n${JSON.stringify(history.counts)}${cluster.log()}`
  )
})

/** What passes while every client does something. */
const overhearAll = Effect.fnUntraced(function* (
  cluster: Cluster,
  clients: ReadonlyArray<TestClient>,
  spy: BusShape
) {
  const overheard = yield* overhear(spy)
  yield* Effect.forEach(clients, (client) => serving(cluster, client))
  return overheard
}, Effect.scoped)

const countersOf = (client: TestClient) =>
  Effect.map(statusOf(client), (seen) => new Map(seen.map(({ id, counters }) => [id, counters])))

describe("junk on the bus", () => {
  it.live(
    "on every subject harms nobody, and the counters of every node show each kind of it",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const spy = yield* busTo([cluster.nats.url], "spy")
        const clients = yield* Effect.forEach([0, 1, 2], () => clientOf(cluster))
        const { heard, subjects } = yield* overhearAll(cluster, clients, spy)
        const draw = seeded(seed)
        const noise = Effect.gen(function* () {
          for (let round = 0; round < 40; round++) {
            const listened = listenedSubjects(subjects())
            for (const subject of listened) {
              for (let each = 0; each < 8; each++) {
                const replyTo = draw(4) === 0 ? listened[draw(listened.length)]! : undefined
                spy.publish(subject, junkMessage(draw, heard), replyTo)
              }
            }
            yield* Effect.sleep(50)
          }
        })
        yield* underLoad(cluster, clients, noise)
        const counters = yield* countersOf(clients[0]!)
        assert.deepStrictEqual([...counters.keys()], ["n1", "n2", "n3"])
        const envelope = ["not-a-packet", "unknown-version", "damaged", "wrong-cluster"]
        const expected = [...envelope, "unknown-kind", "malformed"]
        for (const [id, counts] of counters) {
          for (const name of expected) assert.isAbove(counts[name] ?? 0, 0, `${id} did not count ${name}`)
        }
        yield* Effect.log(JSON.stringify(Object.fromEntries(counters), undefined, 1))
      }),
    { timeout: 180_000 }
  )

  it.live(
    "forged by a stranger, or under a member's name with another disk, is refused and counted",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const spy = yield* busTo([cluster.nats.url], "spy")
        const clients = yield* Effect.forEach([0, 1, 2], () => clientOf(cluster))
        yield* serving(cluster, clients[0]!)
        const strike = Effect.gen(function* () {
          for (let round = 0; round < 10; round++) {
            const forged = forgeries(yield* statusOf(clients[0]!))
            for (const subject of listenedSubjects([])) {
              for (const payload of forged) spy.publish(subject, payload, "_INBOX.stranger")
            }
          }
        })
        yield* underLoad(cluster, clients, strike)
        const counters = yield* countersOf(clients[0]!)
        for (const [id, counts] of counters) {
          assert.isAbove(
            counts["not from the leader of its ballot"] ?? 0,
            0,
            `${id}: ${JSON.stringify(counts)}`
          )
        }
      }),
    { timeout: 180_000 }
  )
})

describe("packets of a former ballot", () => {
  it.live(
    "that come again after the leader was restarted change nothing",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const spy = yield* busTo([cluster.nats.url], "spy")
        const { heard } = yield* overhear(spy, 400)
        const clients = yield* Effect.forEach([0, 1, 2], () => clientOf(cluster))
        yield* serving(cluster, clients[0]!)
        let isOver = false
        const before = yield* workload({
          ...{ clients, keys: ["a", "b"], seed, operationTimeoutMs },
          isOver: () => isOver
        })
        const working = yield* Effect.forkChild(before.run)
        yield* Effect.sleep(1500)
        yield* eventually("enough passes on the bus", () => heard.length > 500, cluster)
        isOver = true
        yield* Fiber.join(working)
        // Each one's hello is older now than its process.
        for (const node of cluster.nodes) {
          yield* node.kill
          yield* node.start()
        }
        yield* serving(cluster, clients[0]!)
        const old = [...heard]
        const draw = seeded(seed)
        const replay = Effect.gen(function* () {
          for (let round = 0; round < 3; round++) {
            for (let index = 0; index < old.length; index++) {
              const { subject, payload, replyTo } = old[round === 0 ? index : draw(old.length)]!
              spy.publish(subject, payload, replyTo)
              if (index % 50 === 49) yield* Effect.sleep(20)
            }
          }
        })
        yield* underLoad(cluster, clients, replay)
      }),
    { timeout: 180_000 }
  )
})

describe("two processes with one name", () => {
  it.live(
    "the second says so and ends, the first goes on",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster()
        const clients = [yield* clientOf(cluster)]
        yield* serving(cluster, clients[0]!)
        const n2 = cluster.node("n2")
        const firstLife = n2.process()
        const twin = Effect.gen(function* () {
          const second = yield* n2.launch(["--data", `${n2.data}-twin`])
          const exit = yield* second.ended
          assert.notStrictEqual(exit.code, 0)
          assert.isNotNull(exit.code)
          assert.match(second.log(), /another process runs as node n2 in this cluster; stop it/)
          yield* Effect.sleep(500)
          assert.isUndefined(firstLife.exit(), `the first ended\n${cluster.log()}`)
        })
        let isOver = false
        const { history, run } = yield* workload({
          ...{ clients, keys, seed, operationTimeoutMs },
          isOver: () => isOver
        })
        const working = yield* Effect.forkChild(run)
        yield* twin
        const before = history.counts.ok
        yield* serving(cluster, clients[0]!)
        yield* eventually("commands go on", () => history.counts.ok > before, cluster)
        isOver = true
        yield* Fiber.join(working)
        const { verdict, text } = history.verdict()
        assert.strictEqual(verdict, "linearizable", text)
      }),
    { timeout: 120_000 }
  )
})
