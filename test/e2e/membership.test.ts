/** Spares, wiped disks, hand-overs and drained nodes under load: nothing is lost or done twice. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { operatorsOf } from "../../src/client/operators.ts"
import { cli } from "../support/cli.ts"
import { clusterName, startCluster } from "../support/cluster.ts"
import { beginChains, type Chains } from "../support/cluster-chains.ts"
import { clientOf, serving, statusOf, type TestClient } from "../support/cluster-client.ts"
import { eventually } from "../support/processes.ts"

const acceptors = ["n1", "n2", "n3"]
const groups = [{ name: "main", acceptors, spares: ["n4"] }]
/** A node that is only slow, since others use the machine, is to stay where the test expects it. */
const patient = { failureTimeoutMs: 5000, slowBackupMs: 10_000 }
const options = { nodes: [...acceptors, "n4", "master"], config: { master: "master", groups } }

/** The acceptors of the newest configuration that anybody knows, in order of their names. */
const acceptorsOf = (client: TestClient) =>
  Effect.map(statusOf(client), (seen) => {
    const known = seen.flatMap(({ groups: of }) => of.flatMap(({ configuration }) => configuration ?? []))
    const [newest] = known.sort((a, b) => b.ballot - a.ballot || b.generation - a.generation)
    return [...(newest?.acceptors ?? [])].sort().join()
  })

const become = Effect.fnUntraced(function* (client: TestClient, wanted: string, log: () => string) {
  for (let looks = 0; looks < 300; looks++) {
    if ((yield* acceptorsOf(client)) === wanted) return
    yield* Effect.sleep(100)
  }
  assert.fail(`the acceptors are ${yield* acceptorsOf(client)}, not ${wanted}\n${log()}`)
})

const goesOn = (chains: Chains, log: () => string) =>
  Effect.suspend(() => {
    const before = chains.acknowledged()
    return eventually("commands go on", () => chains.acknowledged() > before + 500 || chains.isBroken(), {
      log
    })
  })

describe("a group under load", () => {
  it.live(
    "takes a spare in for a node that is gone, a wiped node as another, and does what operators ask for",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster(options)
        const client = yield* clientOf(cluster)
        const { log } = cluster
        yield* serving(cluster, client)
        const chains = beginChains(client, "m", 64)
        const operators = operatorsOf(client.bus, clusterName)
        yield* cluster.node("n3").kill
        yield* become(client, "n1,n2,n4", log)
        yield* goesOn(chains, log)

        const { leader } = yield* operators.transfer("main", "n2")
        assert.strictEqual(leader, "n2")
        yield* goesOn(chains, log)

        yield* cluster.node("n3").wipe
        yield* cluster.node("n3").start()
        const replaced = yield* operators.replace("main", "n4", "n3")
        assert.deepStrictEqual([...replaced.acceptors].sort(), ["n1", "n2", "n3"])
        yield* goesOn(chains, log)

        const [drained] = yield* operators.drain("n2")
        assert.notInclude(drained!.acceptors, "n2")
        assert.notStrictEqual(drained!.leader, "n2")
        yield* become(client, "n1,n3,n4", log)
        // Whoever is drained stays out, over a restart of all.
        yield* cluster.node("n2").kill
        yield* cluster.node("master").kill
        const back = [cluster.node("master"), cluster.node("n2")]
        yield* Effect.forEach(back, (node) => node.start(), { concurrency: 2 })
        yield* Effect.sleep(1500)
        const refused = yield* Effect.flip(operators.replace("main", "n4", "n2"))
        assert.include(refused.message, "n2 is drained")
        yield* operators.undrain("n2")
        yield* cluster.node("n4").kill
        yield* become(client, "n1,n2,n3", log)
        yield* goesOn(chains, log)
        yield* chains.end
        assert.deepStrictEqual(chains.failures, [], log())
        assert.deepStrictEqual(yield* chains.broken(client), [])
      }),
    { timeout: 180_000 }
  )
})

describe("the command line", () => {
  it.live(
    "has a group handed over, says who leads then, and refuses with a sentence",
    () =>
      Effect.gen(function* () {
        const cluster = yield* startCluster({ ...options, config: { ...options.config, ...patient } })
        const client = yield* clientOf(cluster)
        yield* serving(cluster, client)
        const where = ["--servers", cluster.nats.url, "--cluster", clusterName]
        const run = (...words: ReadonlyArray<string>) => Effect.promise(() => cli([...words, ...where]))
        const transferred = yield* run("transfer", "--to", "n3")
        assert.strictEqual(transferred.exitCode, 0, transferred.stderr)
        assert.strictEqual(transferred.stderr, "")
        assert.strictEqual(transferred.stdout, "group main: n3 leads, acceptors n1, n2, n3\n")
        const refused = yield* run("transfer", "--to", "n4")
        assert.strictEqual(refused.exitCode, 1)
        assert.strictEqual(
          refused.stderr,
          "aplomb: group main: n4 is no acceptor of the group, and only an acceptor can lead\n"
        )
        const inVain = yield* run("replace", "n1", "n2")
        assert.deepInclude(inVain, { exitCode: 1, stdout: "" })
        assert.strictEqual(
          inVain.stderr,
          "aplomb: group main: n2 already is an acceptor beside n1: to take n1 out, drain it\n"
        )
        const drained = yield* run("drain", "n3", "--json")
        assert.strictEqual(drained.exitCode, 0, drained.stderr)
        const [shown] = JSON.parse(drained.stdout)
        assert.notInclude(shown.acceptors, "n3")
        const unknown = yield* run("drain", "n9")
        assert.include(unknown.stderr, "no node knows of a node n9")
        const replaced = yield* run("replace", "n1", "n3")
        assert.include(replaced.stderr, "n3 is drained: undrain it first")
      }),
    { timeout: 120_000 }
  )
})
