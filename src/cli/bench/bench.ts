/** `aplomb bench`: how many commands a second a running cluster takes, and how long each waits. */
import { Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { surveyNodes } from "../../client/discover.ts"
import { replicated } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import { busLayer, busWaitMs, whileThere } from "../bus.ts"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { durationFlag, groupFlags, jsonFlag, listOf } from "../flags.ts"
import { print, printJson } from "../output.ts"
import { Process } from "../process.ts"
import { sayWhy } from "../whereabouts.ts"
import { benchFailoverCommand } from "./failover.ts"
import { LatencyHistogram } from "./histogram.ts"
import { type LoadResult, type LoadShape, outstandingMax, rowsProblem, runLoad } from "./load.ts"

interface Target {
  readonly servers: ReadonlyArray<string>
  readonly cluster: string
  readonly group: string
  readonly timeoutMs: number
}

/** One row of the result. */
export interface BenchRow {
  readonly kind: string
  readonly clients: number
  readonly outstanding: number
  readonly valueBytes: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly failed: number
}

/** A command of this size, with its key, still fits into a message. */
const valueMaxBytes = 500_000
const clientsMax = 64

/** Whole numbers separated by commas, each from 1 to a limit. */
const numbersFlag = (name: string, max: number, fallback: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withDefault(fallback),
    Flag.filter(
      (text) => {
        const numbers = listOf(text).map(Number)
        return (
          numbers.length > 0 && numbers.every((one) => Number.isSafeInteger(one) && one > 0 && one <= max)
        )
      },
      () => `whole numbers from 1 to ${max}, separated by commas`
    ),
    Flag.map((text) => listOf(text).map(Number)),
    Flag.withDescription(`${description} (default ${fallback})`)
  )

const LoadJson = Schema.fromJsonString(
  Schema.Struct({
    answered: Schema.Number,
    failed: Schema.Number,
    elapsedMs: Schema.Number,
    latencies: Schema.Record(Schema.String, Schema.Number)
  })
)

const inThisProcess = (target: Target, shape: LoadShape) =>
  Effect.gen(function* () {
    const { client } = yield* replicated({ ...target, machine: kvMachine })
    return yield* runLoad(client, shape)
  }).pipe(Effect.scoped)

/** The same load in a process of its own: one process cannot ask faster than it can read. */
const inOwnProcess = (target: Target, shape: LoadShape) =>
  Effect.gen(function* () {
    const args = [
      ...process.execArgv,
      process.argv[1]!,
      "bench",
      ...["--servers", target.servers.join(",")],
      ...["--cluster", target.cluster, "--group", target.group, "--timeout", `${target.timeoutMs}ms`],
      ...["--outstanding", String(shape.outstanding), "--size", String(shape.valueBytes)],
      ...["--kind", shape.kind, "--for", `${shape.forMs}ms`, "--raw"]
    ]
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const text = yield* spawner.string(ChildProcess.make(process.execPath, args))
    return yield* Schema.decodeEffect(LoadJson)(text.trim())
  }).pipe(
    Effect.mapError((error) => {
      const reason = `a client process did not measure: ${error.message}`
      return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
    })
  )

/** Fails where nobody answers: rows of nothing would look like a slow cluster. */
const untilAnswered = Effect.fnUntraced(function* ({ timeoutMs, ...target }: Target) {
  const group = yield* replicated({ ...target, machine: kvMachine })
  yield* group.ask({ _tag: "Get", key: "bench" }, { timeoutMs })
}, Effect.scoped)

const unanswered = ({ kind, forMs }: LoadShape): CommandFailed => {
  const reason = `no ${kind} was answered in the ${forMs} ms of a row: is the cluster still there?`
  return new CommandFailed({ reason, exitCode: exitCodes.unavailable })
}

const measure = Effect.fnUntraced(function* (target: Target, clients: number, shape: LoadShape) {
  const share = { ...shape, outstanding: Math.max(1, Math.round(shape.outstanding / clients)) }
  const results: ReadonlyArray<LoadResult> =
    clients === 1
      ? [yield* inThisProcess(target, share)]
      : yield* Effect.all(
          Array.from({ length: clients }, () => inOwnProcess(target, share)),
          {
            concurrency: "unbounded"
          }
        )
  if (results.every(({ answered }) => answered === 0)) return yield* unanswered(shape)
  return rowOf(shape, clients, results)
})

const rowOf = (shape: LoadShape, clients: number, results: ReadonlyArray<LoadResult>): BenchRow => {
  const all = new LatencyHistogram()
  let perSecond = 0
  for (const { latencies, answered, elapsedMs } of results) {
    all.merge(latencies)
    perSecond += (answered / elapsedMs) * 1000
  }
  const ms = (quantile: number) => Math.round(all.quantileMs(quantile) * 1000) / 1000
  return {
    kind: shape.kind,
    clients,
    outstanding: shape.outstanding,
    valueBytes: shape.valueBytes,
    perSecond: Math.round(perSecond),
    p50Ms: ms(0.5),
    p99Ms: ms(0.99),
    p999Ms: ms(0.999),
    failed: results.reduce((sum, result) => sum + result.failed, 0)
  }
}

const heading = "kind  clients  outstanding  bytes   per second   p50 ms   p99 ms  p99.9 ms  failed"
const rowText = (row: BenchRow): string =>
  [
    row.kind.padEnd(4),
    String(row.clients).padStart(8),
    String(row.outstanding).padStart(12),
    String(row.valueBytes).padStart(6),
    String(row.perSecond).padStart(12),
    row.p50Ms.toFixed(2).padStart(8),
    row.p99Ms.toFixed(2).padStart(8),
    row.p999Ms.toFixed(2).padStart(9),
    String(row.failed).padStart(7)
  ].join(" ")

const memoryOf = Effect.fnUntraced(function* (cluster: string) {
  const nodes = yield* surveyNodes(yield* Bus, subjectsOf(cluster), 300)
  return nodes.map(({ id, memoryBytes }) => ({ node: id, memoryBytes: memoryBytes ?? 0 }))
})

export const benchCommand = Command.make(
  "bench",
  {
    ...groupFlags,
    kind: Flag.Literals("kind", ["put", "get"]).pipe(
      Flag.withDefault("put"),
      Flag.withDescription("put writes, get asks linearizably (default put)")
    ),
    outstanding: numbersFlag(
      "outstanding",
      outstandingMax,
      "1,16,256,4096",
      "Commands in flight, over all clients"
    ),
    sizes: numbersFlag("size", valueMaxBytes, "64", "Bytes of a value"),
    clients: numbersFlag("clients", clientsMax, "1", "Client processes"),
    forMs: durationFlag("for").pipe(
      Flag.withDefault(3000),
      Flag.withDescription("How long each row is measured (default 3s)")
    ),
    raw: Flag.Boolean("raw").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Print one load's counts as JSON, to be added up with others")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* (flags) {
    const { servers, cluster, group, kind, forMs } = flags
    const problem = rowsProblem(flags)
    if (problem !== undefined) return yield* usageFailure(problem)
    const { onlyPrints } = yield* Process
    onlyPrints()
    const target: Target = { servers, cluster, group, timeoutMs: flags.timeout }
    const rows: Array<BenchRow> = []
    const program = Effect.gen(function* () {
      if (flags.raw) {
        const shape: LoadShape = {
          kind,
          outstanding: flags.outstanding[0]!,
          valueBytes: flags.sizes[0]!,
          forMs
        }
        return yield* printJson(yield* inThisProcess(target, shape))
      }
      yield* sayWhy(untilAnswered(target), flags)
      if (!flags.json) yield* print(heading)
      for (const valueBytes of flags.sizes) {
        for (const clients of flags.clients) {
          for (const outstanding of flags.outstanding) {
            if (outstanding < clients) continue
            const row = yield* measure(target, clients, { kind, outstanding, valueBytes, forMs })
            rows.push(row)
            if (!flags.json) yield* print(rowText(row))
          }
        }
      }
      const memory = yield* memoryOf(cluster)
      if (flags.json) return yield* printJson({ rows, memory })
      for (const { node, memoryBytes } of memory) yield* print(`${node}: ${Math.round(memoryBytes / 1e6)} MB`)
    })
    const bus = busLayer({ servers, name: "bench", waitMs: busWaitMs(flags.timeout) })
    const away = { servers, waitMs: flags.timeout }
    yield* whileThere(program, away).pipe(Effect.scoped, Effect.provide(bus))
  })
).pipe(
  Command.withDescription("Measure a running cluster: rates and latencies of writes or linearizable reads"),
  Command.withExamples([
    { command: "aplomb bench --outstanding 1,256", description: "One client process" },
    { command: "aplomb bench --clients 4 --outstanding 4096 --json", description: "Four client processes" }
  ]),
  Command.withSubcommands([benchFailoverCommand])
)
