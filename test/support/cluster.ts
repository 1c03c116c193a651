/**
 * A cluster for tests: nats-server and nodes as processes of their own, each of which can be hurt in every
 * way.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import { type NatsServer, type NatsServerFailed, natsServer } from "./nats-server.ts"
import { type Exit, eventually, type NeverHappened, type OwnedProcess, ownedProcess } from "./processes.ts"

/** Everything is in one cluster of this name unless a test says otherwise. */
export const clusterName = "e2e"

/** One node and its data directory, over all lives of its process. */
export interface ClusterNode {
  readonly id: string
  readonly data: string
  /** Starts the process and returns at once. */
  readonly launch: (flags?: ReadonlyArray<string>) => Effect.Effect<OwnedProcess, never, Scope.Scope>
  /** Starts it and waits until it listens. */
  readonly start: (flags?: ReadonlyArray<string>) => Effect.Effect<OwnedProcess, NeverHappened, Scope.Scope>
  /** Ends it as a crash of the process does (SIGKILL). */
  readonly kill: Effect.Effect<void>
  /** Freezes it: its connection stays open, and it does nothing. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** Asks it to end (SIGTERM), and returns how it did. */
  readonly stop: Effect.Effect<Exit>
  /** Removes all that it has on disk. */
  readonly wipe: Effect.Effect<void>
  readonly process: () => OwnedProcess
  readonly isUp: () => boolean
  /** What all its processes wrote: of each the end, or so much of it as is asked for. */
  readonly log: (unitsOfEach?: number) => string
}

export interface Cluster {
  readonly directory: string
  readonly nats: NatsServer
  readonly nodes: ReadonlyArray<ClusterNode>
  /** The node of this name. */
  readonly node: (id: string) => ClusterNode
  readonly killAll: Effect.Effect<void>
  readonly startAll: Effect.Effect<void, NeverHappened, Scope.Scope>
  /** What everybody wrote, for the message of a failure. */
  readonly log: () => string
}

export interface ClusterOptions {
  readonly nodes?: ReadonlyArray<string>
  /** Fields of every node's configuration beside those that the cluster gives. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Where a node's data go; default: under the cluster's directory. */
  readonly dataOf?: (id: string, directory: string) => string
  /** The bus as nodes see it, if not the server's own address. */
  readonly servers?: ReadonlyArray<string>
  /** Puts something between each node and the server: gives a node's servers. */
  readonly behind?: (
    natsPort: number
  ) => Effect.Effect<(id: string) => ReadonlyArray<string>, never, Scope.Scope>
  /** Variables of one node's environment. */
  readonly environmentOf?: (id: string) => Readonly<Record<string, string>>
  /** Flags of Node.js for the nodes. */
  readonly nodeFlags?: ReadonlyArray<string>
  /** Leaves the nodes to be started by the test. */
  readonly startsNodes?: boolean
}

const built = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))

/** The command line as it is shipped, or from its sources where nothing was built. */
export const aplombMain = existsSync(built)
  ? built
  : fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

/** Runs the command line once and returns how it ended. */
export const aplomb = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) {
  const owned = yield* ownedProcess({ command: process.execPath, args: [aplombMain, ...args], env })
  const exit = yield* owned.ended
  return { ...exit, stdout: owned.stdout(), log: owned.log() }
}, Effect.scoped)

const tailUnits = 4000
const tailOf = (text: string, units = tailUnits): string =>
  text.length > units ? `... ${text.slice(-units)}` : text

const clusterNode = (
  id: string,
  configPath: string,
  data: string,
  nodeFlags: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): ClusterNode => {
  const lives: Array<OwnedProcess> = []
  const current = (): OwnedProcess => {
    const last = lives.at(-1)
    if (last === undefined) throw new Error(`node ${id} was never started`)
    return last
  }
  const log = (units = tailUnits) =>
    lives.map((life) => `[pid ${life.pid}] ${tailOf(life.log(), units)}`).join("")
  const launch: ClusterNode["launch"] = (flags = []) =>
    Effect.tap(
      ownedProcess({
        command: process.execPath,
        args: [...nodeFlags, aplombMain, "node", "--config", configPath, "--stop-with-stdin", ...flags],
        env,
        logMaxUnits: 256 * 1024
      }),
      (owned) => Effect.sync(() => lives.push(owned))
    )
  const signal = (name: NodeJS.Signals) => Effect.sync(() => current().signal(name))
  return {
    id,
    data,
    launch,
    start: Effect.fnUntraced(function* (flags) {
      const owned = yield* launch(flags)
      const listens = () => owned.stdout().includes(`node ${id} listens`)
      yield* eventually(`node ${id} listens`, () => listens() || owned.exit() !== undefined, { log })
      if (!listens()) yield* eventually(`node ${id} listens, it ended instead`, listens, { withinMs: 0, log })
      return owned
    }),
    kill: Effect.suspend(() => {
      current().signal("SIGKILL")
      return Effect.asVoid(current().ended)
    }),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    stop: Effect.suspend(() => {
      current().signal("SIGTERM")
      return current().ended
    }),
    wipe: Effect.sync(() => rmSync(data, { recursive: true, force: true })),
    process: current,
    isUp: () => lives.at(-1) !== undefined && current().exit() === undefined,
    log
  }
}

/**
 * Starts nats-server on a free port and three nodes; everything is gone when the scope closes, files
 * included.
 */
export const startCluster = Effect.fnUntraced(function* (
  options: ClusterOptions = {}
): Effect.fn.Return<Cluster, NatsServerFailed | NeverHappened, Scope.Scope> {
  const { nodes: names = ["n1", "n2", "n3"], config = {}, nodeFlags = [] } = options
  const { dataOf = (id, directory) => join(directory, id), environmentOf } = options
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "aplomb-cluster-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const nats = yield* natsServer("max_pending: 64MB")
  const behind = options.behind === undefined ? undefined : yield* options.behind(nats.port)
  const nodes = names.map((id) => {
    const data = dataOf(id, directory)
    const path = join(directory, `${id}.json`)
    const servers = behind?.(id) ?? options.servers ?? [`127.0.0.1:${nats.port}`]
    mkdirSync(directory, { recursive: true })
    writeFileSync(
      path,
      JSON.stringify({ cluster: clusterName, node: id, nodes: names, data, servers, ...config })
    )
    return clusterNode(id, path, data, nodeFlags, environmentOf?.(id) ?? {})
  })
  const startAll = Effect.forEach(nodes, (node) => node.start(), { concurrency: "unbounded", discard: true })
  if (options.startsNodes !== false) yield* startAll
  return {
    directory,
    nats,
    nodes,
    node: (id) => nodes.find((node) => node.id === id)!,
    killAll: Effect.forEach(nodes, (node) => node.kill, { concurrency: "unbounded", discard: true }),
    startAll,
    log: () => {
      const ofNodes = nodes.map((node) => `--- ${node.id}\n${node.log()}`)
      return [...ofNodes, `--- nats-server\n${tailOf(nats.log(), 1000)}`].join("\n")
    }
  }
})
