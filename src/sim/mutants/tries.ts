/** The runs that a mutant is tried with, until one fails that does not fail without it. */
import { type Mutant, standstillLaw } from "./mutant.ts"
import type { Trial } from "./trial.ts"

/** A run that failed. */
export interface Killed {
  readonly scenario: string
  readonly seed: number
  readonly law: string
  readonly message: string
}

export interface Tries {
  readonly mutant: Mutant
  /** Runs at most. */
  readonly seeds: number
  /** Runs with the mutant in place. */
  readonly trial: Trial
  /** Runs without any. */
  readonly soundTrial: Trial
  readonly tell: (
    word:
      | { readonly _tag: "Ran"; readonly seeds: number }
      | { readonly _tag: "FailedAnyway"; readonly run: Killed }
  ) => void
}

/**
 * Tries the scenarios of a mutant in turn. A run that fails without the mutant, too, says nothing about it,
 * but is a finding of its own: it is told.
 */
export const tryMutant = ({ mutant, seeds, trial, soundTrial, tell }: Tries) => {
  for (let ran = 0; ran < seeds; ran++) {
    const scenario = mutant.scenarios[ran % mutant.scenarios.length]!
    const seed = 1 + Math.floor(ran / mutant.scenarios.length)
    const failure = trial(scenario, seed)
    tell({ _tag: "Ran", seeds: ran + 1 })
    if (failure === undefined || (failure.isStandstill && mutant.law !== standstillLaw)) continue
    const anyway = soundTrial(scenario, seed)
    if (anyway === undefined) {
      const { law, message } = failure
      return { ran: ran + 1, killed: { scenario, seed, law, message } }
    }
    tell({ _tag: "FailedAnyway", run: { scenario, seed, law: anyway.law, message: anyway.message } })
  }
  return { ran: seeds, killed: undefined }
}
