/** `aplomb dev --bus memory`: every node in this process, over a bus that is one data structure. */
import { Effect, Option } from "effect"
import { nodeConfig } from "../../actors/node/config.ts"
import { runNode } from "../../actors/node.ts"
import { kvOf } from "../../client/kv.ts"
import { replicated } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { filesLayer } from "../../runtime/storage/files.ts"
import { machines, tellServing } from "../node.ts"
import { print, printUnsafe } from "../output.ts"

const readyTimeoutMs = 60_000

/** Runs the nodes in the scope, writes and reads a key, tells `onReady`, and fails if a node does. */
export const runInMemory = Effect.fnUntraced(function* (
  cluster: string,
  data: string,
  nodes: ReadonlyArray<string>,
  onReady: () => void
) {
  const exchange = yield* makeMemoryExchange()
  const start = Effect.fnUntraced(function* (node: string) {
    const config = yield* nodeConfig({ cluster, node, nodes, data: `${data}/${node}` })
    const bus = yield* exchange.connect
    const onPhase = tellServing(node, printUnsafe)
    const running = yield* Effect.provideService(
      runNode({ config, machines, pid: process.pid, onPhase }),
      Bus,
      bus
    )
    yield* print(`node ${node} listens`)
    return running
  })
  const running = yield* Effect.forEach(nodes, start, { concurrency: "unbounded" })
  const demo = Effect.gen(function* () {
    const bus = yield* exchange.connect
    const group = yield* Effect.provideService(
      replicated({ cluster, group: "main", machine: kvMachine }),
      Bus,
      bus
    )
    const kv = kvOf(group)
    const { revision } = yield* kv.put("color", "green", { timeoutMs: readyTimeoutMs })
    const entry = Option.getOrUndefined(yield* kv.get("color"))
    onReady()
    yield* print("ready")
    yield* print(`wrote color = green at revision ${revision}, read back ${String(entry?.value)}`)
    yield* print("The bus is in this process: no other program can reach it. Ctrl-C stops everything.")
    return yield* Effect.never
  })
  return yield* Effect.raceAllFirst([demo, ...running.map((node) => node.failure)])
}, Effect.provide(filesLayer()))
