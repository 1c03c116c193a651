/** The processes of a cluster on this machine: nats-server, and nodes that start again when they end. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect, type Scope } from "effect"
import { kvOf } from "../../client/kv.ts"
import { replicated } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { filesLayer } from "../../runtime/storage/files.ts"
import { makeDirectories } from "../../runtime/storage/files-directories.ts"
import { Files } from "../../runtime/storage/port.ts"
import { connectBus } from "../bus.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { withoutWhereabouts } from "../node-settings.ts"
import { programPath } from "../package.ts"
import { v8Flags } from "../v8-flags.ts"
import { writing } from "../written.ts"
import { type ChildOptions, keepRunning } from "./child.ts"
import { choosePort, findNatsServer, natsServerChild } from "./nats-server.ts"

/** The name of every cluster that the command line runs by itself. */
export const devCluster = "dev"
/** Processes of one machine: more than these starve each other. */
export const nodesMax = 9
const readyTimeoutMs = 60_000
const busTimeoutMs = 10_000

/** A second cluster in the directory of a first would write its own port into the files of the nodes. */
const takeDirectory = (path: string): Effect.Effect<void, CommandFailed, Scope.Scope> =>
  Effect.flatMap(Files, (files) => files.lock(path)).pipe(
    Effect.provide(filesLayer()),
    Effect.mapError((error) => {
      const reason =
        error._tag === "DirectoryInUse"
          ? `the directory ${path} is in use by ${error.holder}; stop that process, or give another --data`
          : `the directory ${path} cannot be used: ${error.message}`
      return new CommandFailed({ reason, exitCode: exitCodes.usage })
    })
  )

/** The directory of the cluster: the one given, for this process alone, or one that goes away at the end. */
export const dataDirectory = (
  given: string | undefined
): Effect.Effect<string, CommandFailed, Scope.Scope> => {
  const make = Effect.try({
    try: () => {
      if (given === undefined) return mkdtempSync(join(tmpdir(), "aplomb-dev-"))
      makeDirectories(given)
      return resolve(given)
    },
    catch: (cause) => {
      const reason = `the directory ${given ?? tmpdir()} cannot be used: ${(cause as Error).message}`
      return new CommandFailed({ reason, exitCode: exitCodes.usage })
    }
  })
  if (given !== undefined) return Effect.tap(make, takeDirectory)
  return Effect.acquireRelease(make, (path) =>
    Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
}

const nodeChild = (
  data: string,
  node: string,
  nodes: ReadonlyArray<string>,
  port: number,
  say: (line: string) => void
): Effect.Effect<ChildOptions, CommandFailed> => {
  const path = join(data, `${node}.json`)
  const config = { cluster: devCluster, node, nodes, data: join(data, node), servers: [`127.0.0.1:${port}`] }
  const parameters = [
    ...v8Flags,
    ...process.execArgv,
    programPath,
    "node",
    "--config",
    path,
    "--stop-with-stdin"
  ]
  const environment = withoutWhereabouts(process.env)
  const child: ChildOptions = {
    name: `node ${node}`,
    command: process.execPath,
    parameters,
    environment,
    say
  }
  return Effect.as(
    writing(path, () => writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`)),
    child
  )
}

/**
 * Starts nats-server and connects to it, until the scope closes.
 *
 * @param wanted the port; left out: the usual one or, where that is taken, any
 * @param say takes each line that a child prints
 * @returns what starts nodes on this bus, as often as it is called
 */
export const startBus = Effect.fnUntraced(function* (
  data: string,
  wanted: number | undefined,
  say: (line: string) => void
) {
  const path = yield* findNatsServer()
  const port = yield* choosePort(wanted)
  const logPath = join(data, "nats-server.log")
  const [server] = yield* keepRunning([natsServerChild(path, port, logPath, say)])
  const servers = [`127.0.0.1:${port}`]
  const bus = yield* connectBus({ servers, name: "dev", waitMs: busTimeoutMs }).pipe(
    Effect.mapError(() => {
      const state = server?.ended() ?? "it runs, but does not answer"
      const reason = `nats-server did not come up on port ${port} (${state}); its log is ${logPath}`
      return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
    })
  )
  const startNodes = (nodes: ReadonlyArray<string>) =>
    Effect.flatMap(
      Effect.forEach(nodes, (node) => nodeChild(data, node, nodes, port, say)),
      keepRunning
    )
  return { bus, port, servers, startNodes }
})

/** Returns once the group answers a linearizable read. */
export const untilServing = Effect.gen(function* () {
  const kv = kvOf(yield* replicated({ cluster: devCluster, group: "main", machine: kvMachine }))
  yield* kv.get("ready", { timeoutMs: readyTimeoutMs })
}).pipe(
  Effect.mapError((error) => {
    const reason = `the cluster did not become ready within ${readyTimeoutMs / 1000} s: ${error.message}`
    return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
  })
)
