/** The campaign as a command: which mutants, the table as it grows, and the verdict. */
import { Effect, type Scope } from "effect"
import { runCampaign } from "./campaign.ts"
import { mutants } from "./catalogue.ts"
import { failedAnyway, formatFailedAnyway, formatResult, formatSummary, markdownOf } from "./report.ts"

export interface MutantsOptions {
  /** Only mutants whose id has this in it. */
  readonly only: string | undefined
  /** Runs at most for each mutant. */
  readonly seeds: number
  /** Threads. */
  readonly jobs: number
  readonly json: boolean
  readonly print: (line: string) => void
}

/** What the campaign came to: how many mutants were tried, and which ones were not killed. */
export interface MutantsVerdict {
  readonly tried: number
  readonly alive: ReadonlyArray<string>
  /** Runs that fail without any mutant, as `scenario seed`. */
  readonly failedAnyway: ReadonlyArray<string>
  /** The table as a page of Markdown, for what was tried on a day. */
  readonly markdown: (date: string) => string
}

/** Runs the campaign and prints a line for each mutant as soon as it is decided: JSON Lines, or a table. */
export const runMutants = Effect.fnUntraced(function* (
  options: MutantsOptions
): Effect.fn.Return<MutantsVerdict, never, Scope.Scope> {
  const { only, seeds, jobs, json, print } = options
  const chosen = mutants.filter(({ id }) => only === undefined || id.includes(only))
  const results = yield* runCampaign({
    mutants: chosen,
    seeds,
    jobs,
    onResult: (result) => print(json ? JSON.stringify(result) : formatResult(result))
  })
  const anyway = failedAnyway(results)
  if (json) for (const run of anyway) print(JSON.stringify({ failedAnyway: run }))
  else if (chosen.length > 0)
    for (const line of [...formatFailedAnyway(results), formatSummary(results)]) print(line)
  const alive = results.filter(({ killed }) => killed === undefined).map(({ id }) => id)
  return {
    tried: chosen.length,
    alive,
    failedAnyway: anyway.map(({ scenario, seed }) => `${scenario} seed ${seed}`),
    markdown: (date) => markdownOf(chosen, results, { date, seeds })
  }
})
