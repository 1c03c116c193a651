/** `aplomb bench failover`: for how long nobody's writes are acknowledged when a node is killed. */
import { Clock, Context, Effect, Random } from "effect"
import { Command, Flag } from "effect/cli"
import { surveyNodes } from "../../client/discover.ts"
import { kvOf } from "../../client/kv.ts"
import { type OperationFailure, operatorsOf } from "../../client/operators.ts"
import { replicated } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { monotonicMs, readMonotonicMs } from "../../runtime/monotonic.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import { busWaitMs, connectBus } from "../bus.ts"
import { dataDirectory, devCluster, nodesMax, startBus, untilServing } from "../dev/cluster.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { countFlag, groupFlags, jsonFlag } from "../flags.ts"
import { print, printJson } from "../output.ts"
import { clusterShown } from "../status.ts"
import { expectGroup } from "../whereabouts.ts"
import { beginFailoverLoad, type FailoverLoad, longestPauseMs } from "./failover-load.ts"
import { outstandingMax } from "./load.ts"

/** One event, and what clients noticed of it. */
interface Round {
  readonly node: string
  /** The longest time without an acknowledged write that began within a second of the event. */
  readonly pauseMs: number
  /** The longest one later, until the group was whole again. */
  readonly returnPauseMs: number
  readonly wholeAfterMs: number
}

interface Target {
  readonly cluster: string
  readonly group: string
}

const what = ["primary", "backup", "transfer"] as const
type What = (typeof what)[number]

const surveyMs = 500
const pollMs = 50
const wholeWithinMs = 60_000
/** A replica that is this near to the leader while writes go on is as good as there. */
const lagMaxSlots = 10_000
/** So long after the event its pause may begin; a node that was killed is not back before that. */
const eventMs = 1000
const settleMs = [300, 800] as const

/** Who leads the group and who follows, with their pids; undefined while it is not whole. */
const whole = Effect.fnUntraced(function* ({ cluster, group }: Target, size: number) {
  const seen = yield* surveyNodes(yield* Bus, subjectsOf(cluster), surveyMs, (nodes) => nodes.size >= size)
  const shown = clusterShown(cluster, seen).groups.find((each) => each.group === group)
  if (shown === undefined || !shown.serving || shown.acceptors.length < size) return undefined
  const isNear = (node: string) => (shown.applied[node] ?? -1) > shown.chosen - lagMaxSlots
  const pids = new Map(seen.map(({ id, pid }) => [id, pid]))
  if (!shown.acceptors.every((node) => pids.has(node) && isNear(node))) return undefined
  return { leader: shown.leader!, followers: shown.acceptors.filter((node) => node !== shown.leader), pids }
})

/** Waits for it. */
const untilWhole = Effect.fnUntraced(function* (target: Target, size: number) {
  const endMs = (yield* monotonicMs) + wholeWithinMs
  while ((yield* monotonicMs) < endMs) {
    const found = yield* whole(target, size)
    if (found !== undefined) return found
    yield* Effect.sleep(pollMs)
  }
  const waited = `${wholeWithinMs / 1000} s`
  const reason = `the group ${target.group} was not whole again within ${waited}: see aplomb status`
  return yield* new CommandFailed({ reason, exitCode: exitCodes.no })
})

const killedNow = (pid: number): Effect.Effect<void, CommandFailed> =>
  Effect.try({
    try: () => void process.kill(pid, "SIGKILL"),
    catch: (cause) => {
      const why = (cause as Error).message
      const reason = `the process ${pid} cannot be killed, it must run on this machine: ${why}`
      return new CommandFailed({ reason, exitCode: exitCodes.usage })
    }
  })

const notTransferred = ({ message }: OperationFailure) =>
  new CommandFailed({ reason: message, exitCode: exitCodes.no })

const round = Effect.fnUntraced(function* (
  target: Target,
  size: number,
  kind: What,
  load: FailoverLoad,
  nowMs: () => number
) {
  const { leader, followers, pids } = yield* untilWhole(target, size)
  yield* Effect.sleep(yield* Random.nextIntBetween(...settleMs))
  const at = yield* Random.nextIntBetween(0, Math.max(1, followers.length), { halfOpen: true })
  const node = kind === "primary" ? leader : (followers[at] ?? leader)
  const bus = yield* Bus
  load.forget(nowMs() - eventMs)
  const fromMs = nowMs()
  yield* kind === "transfer"
    ? operatorsOf(bus, target.cluster).transfer(target.group, node).pipe(Effect.mapError(notTransferred))
    : killedNow(pids.get(node)!)
  yield* Effect.sleep(eventMs)
  yield* untilWhole(target, size)
  const toMs = nowMs()
  const times = load.acknowledgedAtMs
  const wentOnAtMs = times.find((time) => time >= fromMs + eventMs) ?? toMs
  const result: Round = {
    node,
    pauseMs: Math.round(longestPauseMs(times, fromMs, fromMs + eventMs, toMs)),
    returnPauseMs: Math.round(longestPauseMs(times, wentOnAtMs, toMs, toMs)),
    wholeAfterMs: Math.round(toMs - fromMs)
  }
  return result
})

/** By nearest rank: the least value that so many of all do not exceed. */
const quantile = (values: ReadonlyArray<number>, part: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(part * values.length) - 1)] ?? 0

const summary = (values: ReadonlyArray<number>) => ({
  p50Ms: quantile(values, 0.5),
  p99Ms: quantile(values, 0.99),
  maxMs: quantile(values, 1)
})

const roundText = (number: number, { node, pauseMs, returnPauseMs, wholeAfterMs }: Round): string =>
  `${number}. ${node}: ${pauseMs} ms without an acknowledged write; whole again after ${wholeAfterMs} ms, ` +
  `${returnPauseMs} ms at most meanwhile`

const measure = Effect.fnUntraced(function* (
  target: Target,
  size: number,
  flags: { readonly times: number; readonly what: What; readonly outstanding: number; readonly json: boolean }
) {
  const clock = Context.get(yield* Effect.context<never>(), Clock.Clock)
  const nowMs = () => readMonotonicMs(clock)
  const connection = yield* replicated({ ...target, machine: kvMachine })
  const prefix = `failover-${yield* Random.nextInt}-`
  const load = beginFailoverLoad(connection.client, prefix, flags.outstanding, nowMs)
  const rounds: Array<Round> = []
  for (let number = 1; number <= flags.times; number++) {
    rounds.push(yield* round(target, size, flags.what, load, nowMs))
    if (!flags.json) yield* print(roundText(number, rounds.at(-1)!))
  }
  yield* load.end(kvOf(connection))
  const pause = summary(rounds.map(({ pauseMs }) => pauseMs))
  const returnPause = summary(rounds.map(({ returnPauseMs }) => returnPauseMs))
  const acknowledged = load.acknowledged()
  if (flags.json) {
    yield* printJson({ what: flags.what, pause, returnPause, acknowledged, faults: load.faults, rounds })
  } else {
    const text = ({ p50Ms, p99Ms, maxMs }: typeof pause) =>
      `p50 ${p50Ms} ms, p99 ${p99Ms} ms, max ${maxMs} ms`
    yield* print(`${flags.what}, ${rounds.length} times: ${text(pause)}; on the return: ${text(returnPause)}`)
    yield* print(
      `${acknowledged} acknowledged writes, each there once: ${load.faults.length === 0 ? "yes" : "NO"}`
    )
  }
  if (load.faults.length === 0) return
  const reason = `acknowledged writes are contradicted: ${load.faults.slice(0, 3).join("; ")}`
  return yield* new CommandFailed({ reason, exitCode: exitCodes.no })
})

/** A cluster of its own, in a directory that goes away. */
const onOwnCluster = <A, E, R>(nodes: number, use: (target: Target) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const directory = yield* dataDirectory(undefined)
    const { bus, startNodes } = yield* startBus(directory, 0, () => {})
    yield* startNodes(Array.from({ length: nodes }, (_, index) => `n${index + 1}`))
    return yield* Effect.andThen(
      Effect.scoped(untilServing),
      use({ cluster: devCluster, group: "main" })
    ).pipe(Effect.provideService(Bus, bus))
  })

const positive = (name: string, fallback: number, description: string, max?: number) =>
  countFlag(name, { min: 1, ...(max === undefined ? {} : { max }) }).pipe(
    Flag.withDefault(fallback),
    Flag.withDescription(`${description} (default ${fallback})`)
  )

export const benchFailoverCommand = Command.make(
  "failover",
  {
    ...groupFlags,
    running: Flag.Boolean("running").pipe(
      Flag.withDefault(false),
      Flag.withDescription(
        "Use the running cluster of --servers, whose nodes are on this machine and are started again when " +
          "they end (default: one of its own)"
      )
    ),
    times: positive("times", 50, "How often"),
    what: Flag.Literals("what", what).pipe(
      Flag.withDefault("primary" as const),
      Flag.withDescription(
        "primary or backup: which node is killed; transfer: another one is made to lead (default primary)"
      )
    ),
    nodes: positive("nodes", 3, "How many acceptors there are to be", nodesMax),
    outstanding: positive("outstanding", 16, "Writes under way", outstandingMax),
    json: jsonFlag
  },
  Effect.fnUntraced(function* (flags) {
    const use = (target: Target) => measure(target, flags.nodes, flags)
    if (!flags.running) return yield* onOwnCluster(flags.nodes, use)
    const { servers, timeout } = flags
    const bus = yield* connectBus({ servers, name: "aplomb bench", waitMs: busWaitMs(timeout) })
    yield* expectGroup(bus, flags)
    yield* use(flags).pipe(Effect.provideService(Bus, bus))
  }, Effect.scoped)
).pipe(
  Command.withDescription(
    "Kill a node again and again, or have another one lead, and measure for how long writes wait"
  ),
  Command.withExamples([
    { command: "aplomb bench failover --times 20", description: "The primary, on a cluster of its own" },
    { command: "aplomb bench failover --what backup --json", description: "A backup, as JSON" }
  ])
)
