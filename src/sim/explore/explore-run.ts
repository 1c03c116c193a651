/** Exploring a simulation: its assertions are the marks, its findings the failures. */
import { formatRecipe } from "../random.ts"
import type { RunFailure } from "../run-result.ts"
import type { Simulation } from "../simulation.ts"
import { type ExploreOptions, type ExploreReport, explore } from "./explore.ts"
import { protocolMarks } from "./protocol-marks.ts"

export interface ExploredRuns extends ExploreReport {
  /** The findings by their recipe, as `run` gives them. */
  readonly findings: ReadonlyMap<string, RunFailure>
}

/**
 * Explores a simulation: what a run comes upon for the first time (`sometimes`, `reachable`, a new shape of
 * `sometimesEach`, a higher `watermark`; of a cluster also what its leaders and its master do) is gone on
 * from with other randomness.
 *
 * @example
 * const { findings } = exploreRuns(lockSimulation, { runsMax: 1000 })
 */
export const exploreRuns = (
  simulation: Simulation,
  options: Omit<ExploreOptions, "run"> = {}
): ExploredRuns => {
  const findings = new Map<string, RunFailure>()
  const { cluster, laws } = simulation.spec
  const explored = cluster === undefined ? simulation : simulation.laws(...laws, protocolMarks)
  const report = explore({
    ...options,
    run: (recipe) => {
      const { failure, marks } = explored.run({ seed: recipe })
      if (failure === undefined) return { marks }
      findings.set(formatRecipe(recipe), failure)
      return { marks, failure: failure.name }
    }
  })
  return { ...report, findings }
}
