/** A run that failed, run once more: whether it is the same, and what is said where it is not. */
import { messageOf } from "../../runtime/message-of.ts"
import type { Simulation } from "../simulation.ts"
import type { RunOptions, RunResult } from "./result.ts"
import { recipeOf } from "./seeds.ts"

/** What came of it: a setup that throws gives no result. */
export type Again = RunResult | { readonly threw: string }

type Asked = Omit<RunOptions, "seed">

/** Runs a recipe again, whatever comes of it. */
export const runAgain = (simulation: Simulation, recipe: string, options: Asked = {}): Again => {
  try {
    return simulation.run({ ...options, seed: recipeOf(recipe) })
  } catch (error) {
    return { threw: messageOf(error) }
  }
}

/**
 * What came of the second run in place of the first; undefined where it was the same run. Messages are not
 * compared: a stack has the frames of its thread.
 */
export const otherwise = ({ failure, digest }: RunResult, again: Again): string | undefined => {
  if ("threw" in again) return `it threw: ${again.threw}`
  const other = again.failure
  if (other === undefined) return "nothing was wrong"
  if (other.kind !== failure?.kind || other.name !== failure.name)
    return `it failed otherwise (${other.kind} ${other.name}): ${other.message}`
  if (again.digest === digest) return undefined
  return `it failed in the same way, but was another run: its digest was ${again.digest}, not ${digest}`
}

/** How that can be. */
export const whyOtherwise = (before: ReadonlyArray<string>): string =>
  before.length === 0
    ? "No run came before it there. As a rule something of the real world came in that no guard notices, " +
      "or a variable or a cache of a module was not as it is now"
    : "As a rule something outlives a run, a variable or a cache of a module, and was changed by the " +
      `${before.length === 1 ? "one run" : `${before.length.toLocaleString("en")} runs`} before it`
