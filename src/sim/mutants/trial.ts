/** One run of one scenario: what a thread with a mutant in place calls, again and again. */
import { findScenario } from "./scenarios/guided.ts"

/** How a run failed. */
export interface TrialFailure {
  readonly law: string
  readonly message: string
}

/** Runs a scenario by name with a seed; undefined where nothing failed. */
export type Trial = (scenario: string, seed: number) => TrialFailure | undefined

export const trial: Trial = (name, seed) => {
  const found = findScenario(name)
  if (found === undefined) throw new Error(`there is no scenario called ${name}`)
  const { failure } = found.simulation.run({ seed })
  if (failure === undefined || (found.mayStop && failure.kind === "recovery")) return undefined
  return { law: failure.name, message: failure.message }
}
