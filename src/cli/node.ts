/** `aplomb node`: runs one node until it is told to stop. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { NodeConfig } from "../actors/node/config.ts"
import { runNode } from "../actors/node.ts"
import { keepAliveMs } from "../client/signs-of-life.ts"
import { kvMachine } from "../machines/kv.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import { filesLayer } from "../runtime/storage/files.ts"
import { busLayer } from "./bus.ts"
import { durationFlag } from "./flags.ts"
import { flagOf, mergeNodeConfig, nodeFields, readConfigFile, variableOf } from "./node-settings.ts"
import { print, printErrorUnsafe, printUnsafe } from "./output.ts"
import { Process } from "./process.ts"

/** The machines that groups of a node can name. */
export const machines: ReadonlyArray<AnyMachine> = [kvMachine as unknown as AnyMachine]

/** Says when a group on this node begins or ceases to take commands. */
export const tellServing = (node: string, say: (line: string) => void) => {
  const serving = new Set<string>()
  return (group: string, phase: string): void => {
    const serves = phase === "Serving"
    if (serves === serving.has(group)) return
    if (serves) serving.add(group)
    else serving.delete(group)
    say(`node ${node} ${serves ? "serves" : "no longer serves"} the group ${group}`)
  }
}

/** What a node can be told and does, but hardly anybody wants. */
export const warningOf = ({ sessionTtlMs }: Pick<NodeConfig, "sessionTtlMs">): string | undefined => {
  const leastMs = 2 * keepAliveMs
  if (sessionTtlMs >= leastMs) return undefined
  const often = `a client that writes nothing shows only every ${keepAliveMs} ms that it is there`
  return `"sessionTtlMs" is ${sessionTtlMs}, and ${often}: it may lose its session; give ${leastMs} or more`
}

const memoryBytes = () => process.memoryUsage.rss()

const runUntilStopped = Effect.fnUntraced(function* (config: NodeConfig) {
  const { pid } = process
  const warning = warningOf(config)
  if (warning !== undefined) yield* Effect.logWarning(warning)
  const onPhase = tellServing(config.node, printUnsafe)
  const node = yield* runNode({ config, machines, pid, memoryBytes, onPhase })
  yield* print(`node ${config.node} listens (pid ${pid})`)
  return yield* node.failure
})

/** A parent that was killed closes our stdin, whatever killed it. */
const stdinEnds = Effect.callback<void>((resume) => {
  const end = () => resume(Effect.void)
  process.stdin.once("end", end).once("error", end).once("close", end).resume()
})

const fieldFlags = Object.fromEntries(
  nodeFields.map((field) => [
    field,
    Flag.String(flagOf(field)).pipe(
      Flag.optional,
      Flag.withDescription(`"${field}" of the configuration; also ${variableOf(field)}`)
    )
  ])
) as Record<(typeof nodeFields)[number], Flag.Flag<Option.Option<string>>>

const defaultBusWaitMs = 5000

export const nodeCommand = Command.make(
  "node",
  {
    config: Flag.String("config").pipe(
      Flag.optional,
      Flag.withAlias("c"),
      Flag.withMetavar("file"),
      Flag.withDescription("JSON file; flags go before variables of the environment, these before the file")
    ),
    fields: fieldFlags,
    timeout: durationFlag("timeout").pipe(
      Flag.withDefault(defaultBusWaitMs),
      Flag.withDescription("How long to wait for the bus at the start (default 5s; 0s waits for ever)")
    ),
    stopWithStdin: Flag.Boolean("stop-with-stdin").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Stop when stdin ends, for those who start nodes as children")
    )
  },
  Effect.fnUntraced(function* ({ config: path, fields, timeout, stopWithStdin }) {
    const given = nodeFields.flatMap((field) => {
      const value = Option.getOrUndefined(fields[field])
      return value === undefined ? [] : [[field, value] as const]
    })
    const file = Option.isSome(path) ? yield* readConfigFile(path.value) : undefined
    const config = yield* mergeNodeConfig({
      file,
      environment: process.env,
      flags: Object.fromEntries(given)
    })
    const { stopsWell, survivesRejections } = yield* Process
    stopsWell()
    survivesRejections(printErrorUnsafe)
    const waitMs = timeout === 0 ? Number.POSITIVE_INFINITY : timeout
    const bus = busLayer({ servers: config.servers, name: config.node, waitMs, talks: true })
    const running = runUntilStopped(config).pipe(
      Effect.scoped,
      Effect.provide(bus),
      Effect.provide(filesLayer())
    )
    // From the beginning: whoever held the other end may be gone before the bus is there.
    yield* stopWithStdin ? Effect.raceFirst(running, stdinEnds) : running
  })
).pipe(
  Command.withDescription("Run one node until SIGINT or SIGTERM"),
  Command.withExamples([
    { command: "aplomb node --config n1.json", description: "Run the node that the file describes" },
    {
      command: "aplomb node --cluster dev --node n1 --nodes n1,n2,n3 --data ./n1",
      description: "Run a node without a file"
    }
  ])
)
