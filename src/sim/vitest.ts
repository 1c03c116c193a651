/** Simulations as tests: a number of seeds each, and the failing seed in the message. */
import { otherwise, runAgain, whyOtherwise } from "./runs/again.ts"
import { type Finding, reportLines } from "./runs/report.ts"
import { runSeeds } from "./runs/run-seeds.ts"
import { type KnownSeed, recipesOf } from "./runs/seeds.ts"
import type { Simulation } from "./simulation.ts"

/** The function of a test runner that declares a test: vitest's `test`, or that of `node:test`. */
export type DeclareTest = (name: string, run: () => void, timeoutMs?: number) => unknown

export interface SimulationTestOptions {
  /** How many seeds. Default 20. */
  readonly seeds?: number
  /** The first of them. Default 1. */
  readonly from?: number
  /** Runs that once failed; those of this simulation come first. */
  readonly known?: ReadonlyArray<KnownSeed>
  /**
   * Whether every declared assertion must have been come by, and every history decided. Default false: few
   * seeds do not see all.
   */
  readonly demandCoverage?: boolean
  /** Default 60,000. */
  readonly timeoutMs?: number
}

/** A seed failed, or something was never come by. The message says which, and how to see it again. */
export class SimulationFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = "SimulationFailed"
  }
}

/** A seed as `run` takes it; a recipe with more to it is read from its text. */
const asWritten = (recipe: string): string => (/^\d+$/.test(recipe) ? recipe : `parseRecipe("${recipe}")!`)

/** Runs that a message names. */
const namedMax = 20

/** The last of those that ran before. */
const listed = (before: ReadonlyArray<string>): string =>
  (before.length > namedMax ? ["..."] : []).concat(before.slice(-namedMax)).join(", ")

/** What failed, and how to see it again: it is run once more, which may show that it is not so easy. */
const failedText = (simulation: Simulation, { recipe, failure, run, before }: Finding): string => {
  const failed = `${simulation.name} fails with seed ${recipe} (${failure.kind}): ${failure.message}`
  const instead = run === undefined ? undefined : otherwise(run, runAgain(simulation, recipe))
  if (instead === undefined) return `${failed}\nsee it again: .run({ seed: ${asWritten(recipe)} })`
  const ranBefore = before.length === 0 ? "" : `\nthese ran before it, in this order: ${listed(before)}`
  const advice = "what a run changes has to be made in `setup`, which is called for each run"
  const again = `it did not happen again: run once more, ${instead}`
  return `${failed}\n${again}\n${whyOtherwise(before)}: ${advice}${ranBefore}`
}

/**
 * Gives `simulation(name, ...)` for a test runner.
 *
 * @example
 * import { test } from "vitest"
 * import { simulationTests } from "aplomb/sim"
 * const simulation = simulationTests(test)
 * simulation("a lock has one holder", lockSimulation, { seeds: 50 })
 */
export const simulationTests =
  (test: DeclareTest) =>
  (name: string, simulation: Simulation, options: SimulationTestOptions = {}): void => {
    const { seeds = 20, from = 1, known = [], timeoutMs = 60_000 } = options
    test(
      name,
      () => {
        const stop = { seeds }
        const report = runSeeds(simulation, { recipes: recipesOf(simulation.name, known, from, stop), stop })
        if (report.runs === 0)
          throw new SimulationFailed(
            `${simulation.name} ran no seed: \`seeds\` is ${seeds}, and nothing \`known\` is of it`
          )
        const finding = report.findings[0]
        if (finding !== undefined) throw new SimulationFailed(failedText(simulation, finding))
        if (options.demandCoverage === true && report.unseen.length + report.undecided.length > 0)
          throw new SimulationFailed(reportLines(report).join("\n"))
      },
      timeoutMs
    )
  }
