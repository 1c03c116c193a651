/** Shrinking a run of a simulation: without fault families, with fewer clients, for a shorter time. */
import type { Recipe } from "../random.ts"
import type { RunOptions, RunResult } from "../run-result.ts"
import type { Simulation } from "../simulation.ts"
import { type Case, type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts"

/** Runs a case of a simulation; `listen` receives the full trace. */
export const runCase = (
  simulation: Simulation,
  { recipe, without, limits }: Case,
  options: Pick<RunOptions, "listen" | "keepHistory"> = {}
): RunResult => {
  const { clients, chaosMs } = limits
  return simulation.run({
    ...options,
    seed: recipe,
    withoutFamilies: without,
    ...(clients === undefined ? {} : { clientsMax: clients }),
    ...(chaosMs === undefined ? {} : { chaosMaxMs: chaosMs })
  })
}

/** More clients than any workload has: a limit that limits nothing. */
const clientsMax = 16

/**
 * Makes a failing run smaller while it breaks the same law: switches fault families off, takes clients away,
 * ends the faults earlier, shortens the recipe, and looks for a seed that fails sooner. Undefined where the
 * run does not fail.
 */
export const shrinkRun = (
  simulation: Simulation,
  recipe: Recipe,
  options: Pick<ShrinkOptions, "runsMax" | "seedsPerCase" | "onProgress"> = {}
): Shrunk | undefined =>
  shrink(
    { recipe, without: [], limits: { clients: clientsMax, chaosMs: Math.ceil(simulation.spec.chaosMs.max) } },
    {
      ...options,
      removable: simulation.spec.families.map(({ name }) => name),
      least: { clients: 1, chaosMs: 0 },
      run: (candidate) => {
        const { failure, figures } = runCase(simulation, candidate)
        return failure && { law: failure.name, message: failure.message, size: figures.steps }
      }
    }
  )
