/** `aplomb dev` and `aplomb node` as processes: they come up, repair themselves, and leave nothing behind. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { NodeId } from "../../src/protocol/ids.ts"
import { natsBus } from "../../src/runtime/bus/nats.ts"
import { pack } from "../../src/runtime/codec.ts"
import { subjectsOf } from "../../src/wire/subjects.ts"
import { allGone, type CliProcess, cli, startCli, startDev, temporaryDirectory } from "../support/cli.ts"

/** Pids of all processes below one. */
const descendants = (pid: number): ReadonlyArray<number> => {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const below = (parent: number): ReadonlyArray<number> =>
    table.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

const nodePid = (dev: CliProcess, node: string) =>
  Number(dev.stdout.match(new RegExp(`node ${node} listens \\(pid (\\d+)\\)`))?.[1])

describe("aplomb dev", () => {
  it("says ready when the store answers, restarts a killed node, and leaves nothing at SIGTERM", async () => {
    const directory = temporaryDirectory()
    const { process: dev, server } = await startDev(["--data", directory])
    await dev.says(new RegExp(`--servers ${server}`))
    const there = ["--servers", server]
    expect((await cli(["kv", "put", "color", "green", ...there])).stdout).toMatch(/^revision \d+\n$/)
    const first = nodePid(dev, "n2")
    process.kill(first, "SIGKILL")
    await dev.says(new RegExp(`node n2 \\(pid ${first}\\) ended \\(SIGKILL\\)`))
    await dev.says(/node n2 listens[\s\S]*node n2 listens/)
    expect((await cli(["kv", "get", "color", ...there])).stdout).toBe("green\n")
    const below = descendants(dev.child.pid!)
    expect(below.length).toBeGreaterThanOrEqual(5)
    expect((await dev.stop()).exitCode).toBe(0)
    expect(await allGone(below, 20_000)).toBe(true)
    expect(existsSync(join(directory, "n1", "wal"))).toBe(true)
  })

  it("keeps its nodes to itself, whatever other cluster the environment names", async () => {
    const environment = { APLOMB_CLUSTER: "prod", APLOMB_SERVERS: "127.0.0.1:1", APLOMB_NODES: "a,b" }
    const { process: dev, server } = await startDev(["--nodes", "1"], { environment })
    const there = ["--servers", server, "--cluster", "dev"]
    expect((await cli(["kv", "put", "color", "green", ...there])).stdout).toMatch(/^revision \d+\n$/)
    expect((await dev.stop()).exitCode).toBe(0)
  })

  it("takes everything with it when it is killed, and kills what is stuck when it stops", async () => {
    // The only one that chooses its port itself: see startDev.
    const dev = startCli(["dev", "--nodes", "1"])
    await dev.says(/^ready$/m)
    const below = descendants(dev.child.pid!)
    dev.child.kill("SIGKILL")
    expect(await allGone(below, 30_000)).toBe(true)

    const { process: stuck } = await startDev(["--nodes", "1"])
    const pids = descendants(stuck.child.pid!)
    // The bus as well: it goes last, when nothing is left that would be lost with it.
    for (const pid of pids) process.kill(pid, "SIGSTOP")
    expect((await stuck.stop()).exitCode).toBe(0)
    expect(await allGone(pids, 20_000)).toBe(true)
  })

  it("ends by itself after the time given, and removes its temporary directory", async () => {
    const directory = temporaryDirectory()
    const environment = { TMPDIR: directory, NODE_COMPILE_CACHE: tmpdir() }
    const result = await cli(["dev", "--bus", "memory", "--for", "5s"], { environment })
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain("read back green")
    expect(readdirSync(directory).filter((name) => name.startsWith("aplomb-dev"))).toEqual([])
  })
})

describe("aplomb node", () => {
  it("goes on when its terminal is gone, and stops with exit code 0", async () => {
    const directory = temporaryDirectory()
    await startDev(["--nodes", "1", "--data", directory])
    const config = JSON.parse(readFileSync(join(directory, "n1.json"), "utf8"))
    const path = join(directory, "other.json")
    const data = join(directory, "other")
    writeFileSync(path, JSON.stringify({ ...config, cluster: "other", data }))
    const node = startCli(["node", "--config", path])
    await node.says(/node n1 listens \(pid \d+\)/)
    node.child.stdout!.destroy()
    node.child.stdin!.destroy()
    const there = ["--cluster", "other", "--servers", config.servers[0]]
    expect((await cli(["kv", "put", "color", "green", ...there])).stdout).toMatch(/^revision \d+\n$/)
    const status = await cli(["status", "--json", ...there])
    expect(JSON.parse(status.stdout).groups[0]).toMatchObject({ leader: "n1", serving: true })
    expect((await node.stop("SIGINT")).exitCode).toBe(0)
  })

  it("outlives junk on every subject that it listens on", async () => {
    const { process: dev, server } = await startDev(["--nodes", "1"])
    const { node, from, hello, helloTo, status, master, catchUp } = subjectsOf("dev")
    const n1 = NodeId("n1")
    const flood = Effect.gen(function* () {
      const bus = yield* natsBus({ servers: [server], name: "junk" })
      const envelope = (kind: number, ...fields: ReadonlyArray<unknown>) =>
        pack([1, "dev", "n1", "x", "main", kind, ...fields])
      const kinds = Array.from({ length: 40 }, (_, kind) => [
        envelope(kind),
        envelope(kind, 1, "x", [[]], null)
      ])
      const junk = [new Uint8Array(0), new Uint8Array([0xc1, 0xff]), pack("text"), ...kinds.flat()]
      for (const subject of [node(n1), from(n1), hello, helloTo(n1), status, master(n1), catchUp(n1)])
        for (const bytes of junk) bus.publish(subject, bytes, "nobody.listens")
      yield* bus.flush
    })
    await Effect.runPromise(Effect.scoped(flood))
    const there = ["--servers", server]
    expect((await cli(["kv", "put", "a", "1", ...there])).exitCode).toBe(0)
    const { nodes } = JSON.parse((await cli(["status", "--json", ...there])).stdout)
    expect(nodes).toMatchObject([{ id: "n1", pid: nodePid(dev, "n1") }])
    expect(dev.stdout).not.toContain("ended")
  })

  it("says in one sentence why it does not start: a used directory, no bus, a wrong field", async () => {
    const directory = temporaryDirectory()
    await startDev(["--nodes", "1", "--data", directory])
    const used = await cli(["node", "--config", join(directory, "n1.json")])
    expect([used.exitCode, used.stderr]).toEqual([1, expect.stringMatching(/^aplomb: .* is in use by .*\n$/)])
    const config = ["--cluster", "c", "--node", "a", "--nodes", "a", "--data", join(directory, "a")]
    const noBus = await cli(["node", ...config, "--servers", "127.0.0.1:9", "--timeout", "300ms"])
    expect([noBus.exitCode, noBus.stderr]).toEqual([
      3,
      "aplomb: no bus at 127.0.0.1:9; start one with scripts/start or give --servers\n"
    ])
    const wrong = await cli(["node", ...config, "--heartbeat-interval-ms", "0"])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain(`"heartbeatIntervalMs" (from the flag --heartbeat-interval-ms)`)
    const taken = join(temporaryDirectory(), "n1.json")
    mkdirSync(taken)
    const unwritable = await cli(["dev", "--nodes", "1", "--data", dirname(taken)])
    expect([unwritable.exitCode, unwritable.stderr]).toEqual([
      2,
      expect.stringMatching(/^aplomb: .*\/n1\.json cannot be written: EISDIR.*\n$/)
    ])
  })
})
