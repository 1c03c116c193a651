/** One run of one scenario: what a thread with a mutant in place calls, again and again. */
import { scenarioNamed } from "../scenarios/named.ts"

/** How a run failed. */
export interface TrialFailure {
  readonly law: string
  readonly message: string
}

/** Runs a scenario by name with a seed; undefined where nothing failed. */
export type Trial = (scenario: string, seed: number) => TrialFailure | undefined

export const trial: Trial = (scenario, seed) => {
  const simulation = scenarioNamed(scenario)
  if (simulation === undefined) throw new Error(`there is no scenario called ${scenario}`)
  const { failure } = simulation.run({ seed })
  return failure && { law: failure.name, message: failure.message }
}
