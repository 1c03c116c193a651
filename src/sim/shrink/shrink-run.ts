/**
 * Shrinking a run of a simulation: without fault families, with fewer clients, operations and nodes, for a
 * shorter time, without single strikes.
 */
import type { Recipe } from "../kernel/random.ts"
import type { SchedulerOptions } from "../kernel/scheduler-options.ts"
import { expectLimit } from "../refuse.ts"
import type { RunOptions, RunResult } from "../runs/result.ts"
import type { Simulation } from "../simulation.ts"
import type { World } from "../world.ts"
import { type Case, type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts"

/** Runs a case of a simulation; `listen` receives the full trace. */
export const runCase = (
  simulation: Simulation,
  { recipe, without, limits, scheduler }: Case,
  options: Pick<RunOptions, "listen" | "keepHistory" | "onWorld"> = {}
): RunResult => {
  const { clients, operations, nodes, chaosMs } = limits
  return simulation.run({
    ...options,
    seed: recipe,
    without,
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(nodes === undefined ? {} : { nodesMax: nodes }),
    ...(clients === undefined ? {} : { clientsMax: clients }),
    ...(operations === undefined ? {} : { operationsMax: operations }),
    ...(chaosMs === undefined ? {} : { chaosMaxMs: chaosMs })
  })
}

/** More than most simulations have; where one has more, its own number: limits that limit nothing. */
const usualMax = 16

/** As many clients of one workload, operations of one client, and nodes, as a world has that was run. */
const sizesOf = ({ workloads, cluster, begun }: World) => ({
  clients: Math.max(usualMax, ...workloads.map(({ clientCount }) => clientCount)),
  nodes: Math.max(usualMax, cluster?.names.length ?? 0),
  // The run ended with its failure; without some of its faults, or from another seed, it may go on longer.
  ...(begun.size === 0 ? {} : { operations: 2 * Math.max(...begun.values()) })
})

export interface ShrinkRunOptions extends Pick<ShrinkOptions, "runsMax" | "seedsPerCase" | "onProgress"> {
  /** That of the run that failed. Left out: drawn from each seed. */
  readonly scheduler?: SchedulerOptions
}

/** What is left of the runs leaves out single strikes. */
const firstPart = 0.6

/**
 * Makes a failing run smaller while it breaks the same law: switches fault families off, takes clients,
 * operations of clients and nodes away, ends the faults earlier, shortens the recipe, and looks for a seed
 * that fails sooner; then leaves out single strikes of those that are left. A run that failed under a
 * scheduler of its own, as of `runSeeds`, fails again only with the same `scheduler`. Undefined where the
 * run does not fail.
 */
export const shrinkRun = (
  simulation: Simulation,
  recipe: Recipe,
  options: ShrinkRunOptions = {}
): Shrunk | undefined => {
  const { families, chaosMs } = simulation.spec
  const { runsMax = 400, scheduler } = options
  expectLimit("runsMax", runsMax, 1)
  expectLimit("seedsPerCase", options.seedsPerCase, 1)
  const run = (candidate: Case) => {
    const { failure, figures } = runCase(simulation, candidate)
    return failure && { law: failure.name, message: failure.message, size: figures.steps }
  }
  const least = { clients: 1, operations: 1, nodes: 1, chaosMs: 0 }
  const asFound = { recipe, without: [], limits: {}, ...(scheduler === undefined ? {} : { scheduler }) }
  const worlds: Array<World> = []
  const found = runCase(simulation, asFound, { onWorld: (world) => void worlds.push(world) })
  if (found.failure === undefined) return undefined
  const limits = { ...sizesOf(worlds[0]!), chaosMs: Math.ceil(chaosMs.max) }
  const removable = families.map(({ name }) => name)
  const first = shrink(
    { ...asFound, limits },
    { ...options, runsMax: Math.ceil(runsMax * firstPart) - 1, removable, least, run }
  )
  if (first === undefined) return undefined
  const { struck } = runCase(simulation, first.smallest)
  const runs = first.runs + 2
  const runsLeft = runsMax - runs
  if (struck.length === 0 || runsLeft <= 1) return { ...first, runs }
  const second = shrink(first.smallest, { ...options, runsMax: runsLeft, removable: struck, least, run })!
  return { ...second, runs: runs + second.runs }
}
