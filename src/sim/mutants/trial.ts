/** One run of one scenario: what a thread with a mutant in place calls, again and again. */
import { findScenario } from "./scenarios/guided.ts"

/** How a run failed. */
export interface TrialFailure {
  readonly law: string
  /** The system did not come to work again, but did nothing that it must not. */
  readonly isStandstill: boolean
  readonly message: string
}

/** Runs a scenario by name with a seed; undefined where nothing failed. */
export type Trial = (scenario: string, seed: number) => TrialFailure | undefined

export const trial: Trial = (name, seed) => {
  const simulation = findScenario(name)
  if (simulation === undefined) throw new Error(`there is no scenario called ${name}`)
  const { failure } = simulation.run({ seed })
  if (failure === undefined) return undefined
  return { law: failure.name, message: failure.message, isStandstill: failure.kind === "recovery" }
}
