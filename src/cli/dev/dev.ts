/** `aplomb dev`: a whole cluster on this machine, for trying things out, gone when it ends. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Bus } from "../../runtime/bus/port.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { countFlag, durationFlag } from "../flags.ts"
import { print, printUnsafe } from "../output.ts"
import { Process } from "../process.ts"
import { dataDirectory, devCluster, nodesMax, startBus, untilServing } from "./cluster.ts"
import { runInMemory } from "./memory.ts"

const portMax = 65_535

const runOverNats = Effect.fnUntraced(function* (
  data: string,
  nodes: ReadonlyArray<string>,
  wanted: number | undefined,
  onReady: () => void
) {
  const { bus, port, startNodes } = yield* startBus(data, wanted, printUnsafe)
  yield* print(`nats-server listens on 127.0.0.1:${port}`)
  yield* startNodes(nodes)
  yield* untilServing.pipe(Effect.provideService(Bus, bus), Effect.scoped)
  onReady()
  yield* print(howToTalk(port))
})

const neverReady = (forMs: number): CommandFailed => {
  const reason = `the cluster did not become ready within the ${forMs} ms of --for; give it more time`
  return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
}

/**
 * How this very program was called, so that its lines can be copied. The engine is the one that runs it: the
 * one on PATH may be too old.
 */
const programName = (): string => {
  const path = process.argv[1] ?? "aplomb"
  return path.endsWith(".js") || path.endsWith(".ts") ? `${process.execPath} ${path}` : "aplomb"
}

const howToTalk = (port: number): string => {
  const where = `--servers 127.0.0.1:${port} --cluster ${devCluster}`
  const program = programName()
  return [
    "ready",
    "",
    `  ${program} kv put color green ${where}`,
    `  ${program} kv get color ${where}`,
    `  ${program} status ${where}`,
    "",
    `  import { connect } from "aplomb"`,
    `  await using aplomb = await connect({ servers: ["127.0.0.1:${port}"], cluster: "${devCluster}" })`,
    `  await aplomb.kv().put("color", "green")`,
    "",
    "Ctrl-C stops everything."
  ].join("\n")
}

export const devCommand = Command.make(
  "dev",
  {
    nodes: countFlag("nodes", { min: 1, max: nodesMax }).pipe(
      Flag.withDefault(3),
      Flag.withDescription("How many nodes (default 3)")
    ),
    port: countFlag("port", { min: 0, max: portMax }).pipe(
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
    let isReady = false
    const onReady = () => {
      isReady = true
    }
    const run = Effect.gen(function* () {
      const directory = yield* dataDirectory(Option.getOrUndefined(data))
      yield* bus === "memory"
        ? runInMemory(devCluster, directory, nodes, onReady)
        : runOverNats(directory, nodes, Option.getOrUndefined(port), onReady)
      yield* Effect.never
    }).pipe(Effect.scoped)
    if (Option.isNone(duration)) return yield* run
    yield* Effect.timeoutOption(run, duration.value)
    if (!isReady) return yield* neverReady(duration.value)
  })
).pipe(
  Command.withDescription("Run a cluster on this machine: nats-server and three nodes, until Ctrl-C"),
  Command.withExamples([
    { command: "aplomb dev", description: "Three nodes that forget everything at the end" },
    { command: "aplomb dev --nodes 5 --data ./cluster", description: "Five nodes that keep their logs" }
  ])
)
