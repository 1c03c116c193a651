/** `aplomb dev`: a whole cluster on this machine, for trying things out, gone when it ends. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Option, type Scope } from "effect"
import { Command, Flag } from "effect/cli"
import { kvOf } from "../client/kv.ts"
import { replicated } from "../client/replicated.ts"
import { kvMachine } from "../machines/kv.ts"
import { Bus } from "../runtime/bus/port.ts"
import { connectBus } from "./bus.ts"
import { type ChildOptions, keepRunning } from "./child.ts"
import { runInMemory } from "./dev-memory.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { durationFlag } from "./flags.ts"
import { choosePort, findNatsServer, natsServerChild } from "./nats-server.ts"
import { print, printUnsafe } from "./output.ts"
import { Process } from "./process.ts"

const cluster = "dev"
const readyTimeoutMs = 60_000
const busTimeoutMs = 10_000
const nodesMax = 9

const isSource = import.meta.url.endsWith(".ts")
const mainPath = fileURLToPath(new URL(isSource ? "./main.ts" : "./main.js", import.meta.url))

/** The directory of the cluster: the one given, or one that goes away at the end. */
const dataDirectory = (given: string | undefined): Effect.Effect<string, CommandFailed, Scope.Scope> => {
  const make = Effect.try({
    try: () => {
      if (given === undefined) return mkdtempSync(join(tmpdir(), "aplomb-dev-"))
      mkdirSync(given, { recursive: true })
      return resolve(given)
    },
    catch: (cause) => {
      const reason = `the directory ${given ?? tmpdir()} cannot be used: ${(cause as Error).message}`
      return new CommandFailed({ reason, exitCode: exitCodes.usage })
    }
  })
  if (given !== undefined) return make
  return Effect.acquireRelease(make, (path) =>
    Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
}

const nodeChild = (data: string, node: string, nodes: ReadonlyArray<string>, port: number): ChildOptions => {
  const path = join(data, `${node}.json`)
  const config = { cluster, node, nodes, data: join(data, node), servers: [`127.0.0.1:${port}`] }
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`)
  const parameters = [...process.execArgv, mainPath, "node", "--config", path, "--stop-with-stdin"]
  return { name: `node ${node}`, command: process.execPath, parameters, say: printUnsafe }
}

const runOverNats = Effect.fnUntraced(function* (
  data: string,
  nodes: ReadonlyArray<string>,
  wanted?: number
) {
  const path = yield* findNatsServer()
  const port = yield* choosePort(wanted)
  const logPath = join(data, "nats-server.log")
  const [server] = yield* keepRunning([natsServerChild(path, port, logPath, printUnsafe)])
  const servers = [`127.0.0.1:${port}`]
  const bus = yield* connectBus({ servers, name: "dev", waitMs: busTimeoutMs }).pipe(
    Effect.mapError(() => {
      const state = server?.ended() ?? "it runs, but does not answer"
      const reason = `nats-server did not come up on port ${port} (${state}); its log is ${logPath}`
      return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
    })
  )
  yield* print(`nats-server listens on 127.0.0.1:${port}`)
  yield* keepRunning(nodes.map((node) => nodeChild(data, node, nodes, port)))
  yield* untilServing.pipe(Effect.provideService(Bus, bus), Effect.scoped)
  yield* print(howToTalk(port))
})

/** Returns once the group answers a linearizable read. */
const untilServing = Effect.gen(function* () {
  const kv = kvOf(yield* replicated({ cluster, group: "main", machine: kvMachine }))
  yield* kv.get("ready", { timeoutMs: readyTimeoutMs })
}).pipe(
  Effect.mapError((error) => {
    const reason = `the cluster did not become ready within ${readyTimeoutMs / 1000} s: ${error.message}`
    return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
  })
)

/** How this very program was called, so that its lines can be copied. */
const programName = (): string => {
  const path = process.argv[1] ?? "aplomb"
  return path.endsWith(".js") || path.endsWith(".ts") ? `node ${path}` : "aplomb"
}

const howToTalk = (port: number): string => {
  const where = `--servers 127.0.0.1:${port} --cluster ${cluster}`
  const program = programName()
  return [
    "ready",
    "",
    `  ${program} kv put color green ${where}`,
    `  ${program} kv get color ${where}`,
    `  ${program} status ${where}`,
    "",
    `  import { connect } from "aplomb"`,
    `  await using aplomb = await connect({ servers: ["127.0.0.1:${port}"], cluster: "${cluster}" })`,
    `  await aplomb.kv().put("color", "green")`,
    "",
    "Ctrl-C stops everything."
  ].join("\n")
}

export const devCommand = Command.make(
  "dev",
  {
    nodes: Flag.Int("nodes").pipe(
      Flag.withDefault(3),
      Flag.filter(
        (count) => count >= 1 && count <= nodesMax,
        (count) => `${count} nodes are not possible here: take 1 to ${nodesMax}`
      ),
      Flag.withDescription("How many nodes (default 3)")
    ),
    port: Flag.Int("port").pipe(
      Flag.optional,
      Flag.withDescription("Port of nats-server (default 4222, or any where that is taken)")
    ),
    data: Flag.String("data").pipe(
      Flag.optional,
      Flag.withMetavar("directory"),
      Flag.withDescription("Where the logs are kept (default: a temporary directory, removed at the end)")
    ),
    for: durationFlag("for").pipe(Flag.optional, Flag.withDescription("End after this time, such as 20s")),
    bus: Flag.Literals("bus", ["nats", "memory"]).pipe(
      Flag.withDefault("nats"),
      Flag.withDescription("memory runs all nodes in this process, without nats-server (default nats)")
    )
  },
  Effect.fnUntraced(function* ({ nodes: count, port, data, for: duration, bus }) {
    const { stopsWell } = yield* Process
    stopsWell()
    const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`)
    const run = Effect.gen(function* () {
      const directory = yield* dataDirectory(Option.getOrUndefined(data))
      yield* bus === "memory"
        ? runInMemory(cluster, directory, nodes)
        : runOverNats(directory, nodes, Option.getOrUndefined(port))
      yield* Effect.never
    }).pipe(Effect.scoped)
    yield* Option.isNone(duration) ? run : Effect.timeoutOption(run, duration.value)
  })
).pipe(
  Command.withDescription("Run a cluster on this machine: nats-server and three nodes, until Ctrl-C"),
  Command.withExamples([
    { command: "aplomb dev", description: "Three nodes that forget everything at the end" },
    { command: "aplomb dev --nodes 5 --data ./cluster", description: "Five nodes that keep their logs" }
  ])
)
