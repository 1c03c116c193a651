/** One run of a simulation from its first draw to its verdict. */
import { Cause, Effect, type Exit, Fiber } from "effect"
import { messageOf, stackOf } from "../../runtime/message-of.ts"
import { AssertionViolated } from "../assert.ts"
import { FaultsBroke, ProcessBroke } from "../ends.ts"
import { type Leak, leakOf } from "../guards/guards.ts"
import { checkHistory, type HistoryReport, type HistoryVerdict } from "../history/command.ts"
import type { Outcome } from "../kernel/kernel.ts"
import { CountedRandom, formatRecipe, recipeFrom } from "../kernel/random.ts"
import type { SchedulerOptions } from "../kernel/scheduler-options.ts"
import { drawSpan } from "../kernel/timed-fault.ts"
import { LawBroken } from "../laws/laws.ts"
import { expectAtOnce, expectCount } from "../refuse.ts"
import { knowScopes } from "../scopes.ts"
import { distancesOf, drawCluster, type SimulationSpec } from "../simulation-spec.ts"
import { chaos, drawFamilies, type FaultFamily } from "../swarm/swarm.ts"
import { World } from "../world.ts"
import { expectOptions } from "./expect-options.ts"
import { stuckText, wrongBy } from "./outcome-text.ts"
import { addProbes, NoProgress, recover, windUp } from "./recovery.ts"
import type { RunFailure, RunOptions, RunResult } from "./result.ts"

const windUpMs = 90_000
const quietMs = 2_000
const historyStepsUsual = 2_000_000

/** The mode of a seed, drawn apart from the stream of the run: it must be known before the first draw. */
const schedulerOf = (seed: number): SchedulerOptions => {
  const own = new CountedRandom((seed ^ 0x5c4ed) >>> 0)
  const mode = own.weighted<NonNullable<SchedulerOptions["mode"]>>([
    ["inline", 5],
    ["hop", 3],
    ["preempt", 2]
  ])
  return { mode, choice: own.chance(0.2) ? "priorities" : "uniform" }
}

/** A setup, or whoever makes a workload, used the real world. */
class Leaked extends Error {
  readonly leak: Leak

  constructor(leak: Leak) {
    super(leak.what)
    this.leak = leak
  }
}

/** The world of one run, before anything has started in it. */
interface Prepared {
  readonly world: World
  readonly families: ReadonlyArray<FaultFamily>
  readonly off: ReadonlySet<string>
  readonly chaosMs: number
}

/** `made` is told what makers of workloads give. */
const addClients = (world: World, spec: SimulationSpec, made: (made: unknown) => void): void => {
  for (const make of spec.workloads) {
    const workload = make(world)
    made(workload)
    expectCount(`the clientCount of the workload ${workload.name}`, workload.clientCount)
    world.workloads.push(workload)
    for (let index = 1; index <= Math.min(workload.clientCount, world.bounds.clients); index++) {
      const name = `${workload.name}-${index}`
      world.clients.push(world.addProcess({ name, program: (life) => workload.run(name, life) }))
    }
  }
}

const prepare = (spec: SimulationSpec, options: RunOptions, scheduler: SchedulerOptions): Prepared => {
  const { listen, budgets } = options
  const world = new World({
    kernel: {
      seed: options.seed,
      scheduler,
      budgets: { virtualMs: 1_200_000, steps: 20_000_000, ...budgets },
      recordDraws: options.recordDraws ?? false,
      ...(listen === undefined ? {} : { listen })
    },
    bus: { distances: distancesOf(spec.cluster) },
    bounds: {
      clients: options.clientsMax ?? Number.POSITIVE_INFINITY,
      operations: options.operationsMax ?? Number.POSITIVE_INFINITY
    }
  })
  world.tolerance.expectsDamage = spec.expectsDamage
  world.tolerance.expectsDefects = spec.expectsDefects
  // What is drawn here decides the run as much as what is drawn in it.
  const made: Array<unknown> = []
  const leak = leakOf(world.random.recipe.seed, () =>
    world.noting(() => {
      for (const setup of spec.setups) made.push(setup(world))
      if (spec.cluster !== undefined)
        world.addCluster(drawCluster(world, spec.cluster, options.nodesMax), spec.laws)
      addClients(world, spec, (workload) => made.push(workload))
    })
  )
  // A promise is a leak as well; that it is one says best what is wrong.
  for (const one of made) expectAtOnce("a setup or workload", one)
  if (leak !== undefined) world.violated(new Leaked(leak))
  const off = new Set(options.without)
  const families = drawFamilies(world, spec.families, off)
  const chaosMs = Math.min(
    drawSpan(world.random, spec.chaosMs),
    options.chaosMaxMs ?? Number.POSITIVE_INFINITY
  )
  options.onWorld?.(world)
  return { world, families, off, chaosMs }
}

/** Faults that end by themselves leave a run without any, which would look as if all had been survived. */
const expectInterrupted = (world: World, exit: Exit.Exit<never>): void => {
  if (exit._tag === "Failure" && !Cause.hasInterruptsOnly(exit.cause))
    world.violated(new FaultsBroke(Cause.squash(exit.cause)))
}

const program = ({ world, families, off, chaosMs }: Prepared, recoverMs: number) =>
  Effect.gen(function* () {
    const striking = yield* Effect.forkChild(chaos(world, families, off))
    // An observer, and nothing around the faults themselves: operations count for when a fiber is preempted.
    striking.addObserver((exit) => expectInterrupted(world, exit))
    for (const process of world.processes.values()) process.start()
    yield* Effect.sleep(chaosMs)
    yield* Fiber.interrupt(striking)
    world.phase = "recovery"
    world.kernel.trace.note("recovery", "world")
    const areProbesAnswered = world.cluster === undefined ? undefined : addProbes(world, recoverMs)
    world.heal()
    if (recoverMs === 0) return yield* Effect.sleep(quietMs)
    yield* recover(world, recoverMs, areProbesAnswered)
    world.phase = "over"
    yield* windUp(world, windUpMs)
    yield* recover(world, recoverMs, areProbesAnswered)
    world.cluster?.end()
  })

const leaked = ({ what, place }: Leak): RunFailure => ({
  kind: "kernel",
  name: "leaked",
  message: `${what} was used at ${place}`
})

const failureOf = (error: unknown): RunFailure => {
  if (error instanceof Leaked) return leaked(error.leak)
  const message = messageOf(error)
  if (error instanceof LawBroken) return { kind: "law", name: error.law, message }
  if (error instanceof AssertionViolated) return { kind: "assertion", name: error.assertion.name, message }
  if (error instanceof NoProgress) return { kind: "recovery", name: "progress after faults", message }
  if (error instanceof ProcessBroke) return { kind: "process", name: "a process broke", message }
  if (error instanceof FaultsBroke) return { kind: "kernel", name: "a family of faults broke", message }
  return { kind: "kernel", name: "an error outside of every process", message: stackOf(error) }
}

const outcomeFailure = (outcome: Outcome<unknown, unknown>): RunFailure | undefined => {
  switch (outcome._tag) {
    case "Completed":
      return outcome.exit._tag === "Success" ? undefined : failureOf(Cause.squash(outcome.exit.cause))
    case "Halted":
      return failureOf(outcome.reason)
    case "Threw":
      return failureOf(outcome.error)
    case "Leaked":
      return leaked(outcome.leak)
    default:
      return { kind: "kernel", name: outcome._tag, message: stuckText(outcome) }
  }
}

/** What a history proves: that something is wrong, or nothing, for keys that were not decided. */
interface Judged {
  readonly failure: RunFailure | undefined
  readonly undecidedKeys: ReadonlyArray<string>
}

const judgeHistory = (world: World, stepsMax: number): Judged => {
  if (world.history.lines.length === 0) return { failure: undefined, undecidedKeys: [] }
  const { exitCode, json } = checkHistory(world.history.text(), { model: "kv", stepsMax })
  return {
    failure: historyFailure(world, exitCode, json),
    undecidedKeys: json.undecidedKeys?.map(String) ?? []
  }
}

const historyFailure = (
  world: World,
  exitCode: HistoryReport["exitCode"],
  json: HistoryVerdict
): RunFailure | undefined => {
  // With operations whose outcome is open, more than one of them may have to stand between two versions.
  const fault = json.versionFaults?.find(({ key }) => !world.history.hasOpen(String(key)))
  if (exitCode !== 0 && exitCode !== 3) return { kind: "history", name: json.verdict, message: json.reason }
  if (fault === undefined) return undefined
  return {
    kind: "history",
    name: "slots contradict the history",
    message: `key ${fault.key}: ${fault.reason}`
  }
}

const workloadFailure = (world: World): RunFailure | undefined => {
  if (world.phase !== "over") return undefined
  for (const { name, check } of world.workloads) {
    const message = wrongBy(() => world.noting(() => check?.()))
    if (world.violation !== undefined) return failureOf(world.violation)
    if (message !== undefined) return { kind: "workload", name, message }
  }
  return undefined
}

/** A setup, or whoever makes a workload, may throw for some seeds only: the error says for which. */
const preparedBy = (
  spec: SimulationSpec,
  options: RunOptions,
  scheduler: SchedulerOptions,
  recipe: string
): Prepared => {
  try {
    return prepare(spec, options, scheduler)
  } catch (cause) {
    const message = messageOf(cause)
    throw new Error(`the simulation ${spec.name} could not be set up for seed ${recipe}: ${message}`, {
      cause
    })
  }
}

/** Runs one seed or recipe of a simulation. The same options give the same result, to the byte. */
export const runSeed = (spec: SimulationSpec, options: RunOptions): RunResult => {
  const recipe = recipeFrom(options.seed)
  expectOptions(spec, options)
  const scheduler = options.scheduler ?? schedulerOf(recipe.seed)
  const prepared = preparedBy(spec, options, scheduler, formatRecipe(recipe))
  const { world, families } = prepared
  const outcome = world.run(program(prepared, spec.recoverMs))
  const ended = outcomeFailure(outcome)
  const judged: Judged =
    ended === undefined
      ? judgeHistory(world, options.historyStepsMax ?? historyStepsUsual)
      : { failure: ended, undecidedKeys: [] }
  const failure = judged.failure ?? workloadFailure(world)
  const workloads = world.workloads.map(({ name }) => name)
  knowScopes(workloads)
  const { steps, draws, virtualMs } = world.kernel.stats()
  const isKept = failure !== undefined || options.keepHistory === true
  return {
    simulation: spec.name,
    recipe: formatRecipe(recipe),
    failure,
    undecidedKeys: judged.undecidedKeys,
    digest: world.kernel.digest(),
    figures: {
      steps,
      draws,
      messages: world.bus.network.delivered,
      virtualMs,
      operations: world.history.lines.length >> 1,
      acknowledged: world.ledger.acknowledged.length
    },
    coverage: world.coverage.figures(),
    marks: world.coverage.marks,
    families: families.map(({ name }) => name),
    scopes: [
      spec.name,
      ...spec.reaches,
      ...workloads,
      ...families.map(({ name }) => name),
      ...(world.cluster === undefined ? [] : ["point"])
    ],
    struck: world.struck,
    defects: Object.fromEntries([...world.tolerance.defects].sort()),
    strikes: Object.fromEntries([...world.kernel.trace.strikes].sort()),
    scheduler,
    knobs: world.disturbance.turned,
    history: isKept ? world.history.text() : []
  }
}
