/**
 * A cluster of our own for a measurement: a bus, three nodes as processes, in a directory that goes with it.
 */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { giveUp } from "../scripts/flags.ts"
import type { BenchRow } from "../src/cli/bench/bench.ts"
import { v8Flags } from "../src/cli/v8-flags.ts"
import { findProgram, freePort, run, type Started, start, temporaryDirectory, until } from "./processes.ts"

const cli = join(import.meta.dirname, "../dist/cli/main.js")

/** Nodes are measured as they are shipped. */
export const demandBuild = (): void => {
  if (!existsSync(cli)) giveUp("there is no build: run `npm run build` first")
}

export interface Cluster {
  readonly servers: string
  readonly pids: ReadonlyArray<number>
  /** Of the nodes' data. */
  readonly directories: ReadonlyArray<string>
  readonly stop: () => Promise<void>
}

export const startBus = async (port: number): Promise<Started> => {
  const program = findProgram("nats-server")
  if (program === undefined) return giveUp("nats-server is not installed: scripts/start installs it")
  const bus = start(program, ["-a", "127.0.0.1", "-p", String(port)])
  await until("the start of nats-server", () => bus.stderr().includes("Server is ready"))
  return bus
}

const names = ["n1", "n2", "n3"]

/** So many groups, led by the three nodes in turn. */
const groupsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `g${index + 1}`,
    acceptors: names.map((_node, at) => names[(index + at) % names.length]!)
  }))

/** Waits until every group is led; without a number it is the one group `main`. */
export const startCluster = async (groupCount?: number): Promise<Cluster> => {
  demandBuild()
  const directory = temporaryDirectory()
  const port = await freePort()
  const servers = `127.0.0.1:${port}`
  const bus = await startBus(port)
  // Nodes that start hundreds of groups on a machine that is busy may be slow to beat; nobody is to take
  // over.
  const many = { groups: groupsOf(groupCount ?? 0), failureTimeoutMs: 3000 }
  const groups = groupCount === undefined ? {} : many
  const nodes = names.map((node) => {
    const place = { cluster: "bench", node, nodes: names, data: join(directory, node), servers: [servers] }
    const config = { ...place, ...groups }
    const path = join(directory, `${node}.json`)
    writeFileSync(path, JSON.stringify(config))
    return start(process.execPath, [...v8Flags, cli, "node", "--config", path])
  })
  const served = () =>
    nodes.reduce((sum, node) => sum + (node.stdout().match(/serves the group/g)?.length ?? 0), 0)
  await until("serving", () => served() >= (groupCount ?? 1))
  return {
    servers,
    pids: nodes.map((node) => node.pid),
    directories: names.map((node) => join(directory, node)),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
      await bus.stop()
    }
  }
}

/** `aplomb bench` against a cluster, as its users run it. */
export const measureCluster = async (cluster: Cluster, args: ReadonlyArray<string>) =>
  JSON.parse(
    await run(process.execPath, [
      cli,
      "bench",
      "--json",
      "--cluster",
      "bench",
      "--servers",
      cluster.servers,
      ...args
    ])
  ) as {
    readonly rows: ReadonlyArray<BenchRow>
    readonly memory: ReadonlyArray<{ readonly node: string; readonly memoryBytes: number }>
  }
