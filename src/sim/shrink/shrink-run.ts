/**
 * Shrinking a run of a simulation: without fault families, with fewer clients and nodes, for a shorter time,
 * without single strikes.
 */
import type { Recipe } from "../random.ts"
import type { RunOptions, RunResult } from "../run-result.ts"
import type { SchedulerOptions } from "../scheduler-options.ts"
import type { Simulation } from "../simulation.ts"
import type { World } from "../world.ts"
import { type Case, type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts"

/** Runs a case of a simulation; `listen` receives the full trace. */
export const runCase = (
  simulation: Simulation,
  { recipe, without, limits, scheduler }: Case,
  options: Pick<RunOptions, "listen" | "keepHistory"> = {}
): RunResult => {
  const { clients, nodes, chaosMs } = limits
  return simulation.run({
    ...options,
    seed: recipe,
    without,
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(nodes === undefined ? {} : { nodesMax: nodes }),
    ...(clients === undefined ? {} : { clientsMax: clients }),
    ...(chaosMs === undefined ? {} : { chaosMaxMs: chaosMs })
  })
}

/** More than most simulations have; where one has more, its own number: limits that limit nothing. */
const usualMax = 16

/** As many clients of one workload, and nodes, as the run has. */
const sizesOf = (simulation: Simulation, recipe: Recipe) => {
  let clients = usualMax
  let nodes = usualMax
  const onWorld = ({ workloads, cluster }: World) => {
    clients = Math.max(clients, ...workloads.map(({ clientCount }) => clientCount))
    nodes = Math.max(nodes, cluster?.names.length ?? 0)
  }
  // All of it is there before anything runs.
  simulation.run({ seed: recipe, budgets: { steps: 1 }, onWorld })
  return { clients, nodes }
}

export interface ShrinkRunOptions extends Pick<ShrinkOptions, "runsMax" | "seedsPerCase" | "onProgress"> {
  /** That of the run that failed. Left out: drawn from each seed. */
  readonly scheduler?: SchedulerOptions
}

/** What is left of the runs leaves out single strikes. */
const firstPart = 0.6

/**
 * Makes a failing run smaller while it breaks the same law: switches fault families off, takes clients and
 * nodes away, ends the faults earlier, shortens the recipe, and looks for a seed that fails sooner; then
 * leaves out single strikes of those that are left. A run that failed under a scheduler of its own, as of
 * `runSeeds`, fails again only with the same `scheduler`. Undefined where the run does not fail.
 */
export const shrinkRun = (
  simulation: Simulation,
  recipe: Recipe,
  options: ShrinkRunOptions = {}
): Shrunk | undefined => {
  const { families, chaosMs } = simulation.spec
  const { runsMax = 400, scheduler } = options
  const run = (candidate: Case) => {
    const { failure, figures } = runCase(simulation, candidate)
    return failure && { law: failure.name, message: failure.message, size: figures.steps }
  }
  const least = { clients: 1, nodes: 1, chaosMs: 0 }
  const limits = { ...sizesOf(simulation, recipe), chaosMs: Math.ceil(chaosMs.max) }
  const removable = families.map(({ name }) => name)
  const first = shrink(
    { recipe, without: [], limits, ...(scheduler === undefined ? {} : { scheduler }) },
    { ...options, runsMax: Math.ceil(runsMax * firstPart), removable, least, run }
  )
  if (first === undefined) return undefined
  const { struck } = runCase(simulation, first.smallest)
  const runsLeft = runsMax - first.runs - 1
  if (struck.length === 0 || runsLeft <= 1) return first
  const second = shrink(first.smallest, { ...options, runsMax: runsLeft, removable: struck, least, run })!
  return { ...second, runs: first.runs + 1 + second.runs }
}
