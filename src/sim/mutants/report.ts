/** The table of a campaign over mutants, as text and as a page of Markdown. */
import type { JobResult } from "./campaign.ts"
import type { Mutant } from "./mutant.ts"
import type { Killed } from "./tries.ts"

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

/** One line: what became of a mutant, after how many runs, and by which law. */
export const formatResult = (result: JobResult): string => {
  const seconds = `${(result.cpuMs / 1000).toFixed(1)} s`.padStart(8)
  const name = result.id.padEnd(44)
  const runs = `${result.seeds} runs`.padStart(9)
  if (result.problem !== undefined) return `BROKEN    ${name} ${result.problem}`
  if (result.killed === undefined) return `SURVIVED  ${name} ${runs} ${seconds}`
  const { scenario, law } = result.killed
  return `killed    ${name} ${runs} ${seconds}  ${law} (${scenario})`
}

const nameOf = ({ scenario, seed }: Killed): string => `${scenario}-${seed}`

/** The runs that fail without any mutant, each once, whatever mutants met it. */
export const failedAnyway = (results: ReadonlyArray<JobResult>): ReadonlyArray<Killed> => [
  ...new Map(results.flatMap((result) => result.failedAnyway.map((run) => [nameOf(run), run]))).values()
]

const firstLine = (text: string): string => text.split("\n", 1)[0]!

/** A line for each run that fails without any mutant. */
export const formatFailedAnyway = (results: ReadonlyArray<JobResult>): ReadonlyArray<string> =>
  failedAnyway(results).map(
    ({ scenario, seed, law, message }) =>
      `FAILS WITHOUT A MUTANT  ${scenario} seed ${seed}: ${law}: ${firstLine(message)}`
  )

/** The last line. */
export const formatSummary = (results: ReadonlyArray<JobResult>): string => {
  const runs = results.filter((result) => result.killed !== undefined).map((result) => result.seeds)
  const cpuSeconds = results.reduce((sum, result) => sum + result.cpuMs, 0) / 1000
  const anyway = failedAnyway(results).length
  return (
    `${runs.length} of ${results.length} mutants killed; runs to kill: median ${median(runs)}, ` +
    `worst ${Math.max(0, ...runs)}; ${cpuSeconds.toFixed(1)} CPU seconds` +
    (anyway === 0 ? "" : `; ${anyway} ${anyway === 1 ? "run fails" : "runs fail"} without a mutant`)
  )
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ")

const row = (cells: ReadonlyArray<string>): string => `| ${cells.map(cell).join(" | ")} |`

const foundBy = ({ killed, problem }: JobResult): string => {
  if (problem !== undefined) return `it could not be tried: ${problem}`
  return killed === undefined ? "**nothing**" : `${killed.law} (${killed.scenario})`
}

/** What is said of the runs that fail without any mutant. */
const anywayLines = (results: ReadonlyArray<JobResult>): ReadonlyArray<string> => {
  const runs = failedAnyway(results)
  if (runs.length === 0) return []
  return [
    "Runs that fail without any bug: they say nothing about a mutant, and are findings of their own.",
    "",
    row(["scenario", "seed", "law", "what it says"]),
    row(["---", "--:", "---", "---"]),
    ...runs.map(({ scenario, seed, law, message }) => row([scenario, String(seed), law, firstLine(message)])),
    ""
  ]
}

/** A page with a table of the mutants that were tried: what each does wrong, what found it, and how soon. */
export const markdownOf = (
  mutants: ReadonlyArray<Mutant>,
  results: ReadonlyArray<JobResult>,
  facts: { readonly date: string; readonly seeds: number }
): string => {
  const of = new Map(results.map((result) => [result.id, result]))
  const killed = results.filter((result) => result.killed !== undefined).map(({ seeds }) => seeds)
  const tried = mutants.flatMap((mutant) => {
    const result = of.get(mutant.id)
    return result === undefined ? [] : [{ mutant, result }]
  })
  return [
    "# Seeded bugs",
    "",
    "Each mutant is a bug that somebody could have written, made by an edit of the sources",
    "(`src/sim/mutants`) that the simulator is then to find: a law must fire, or a check of the history,",
    "in a run that passes without it. Made by `node src/cli/main.ts sim mutants --markdown docs/mutants.md`;",
    "the seeds are the same each time, so the numbers are too while the code stays.",
    "A scenario that `aplomb sim list` does not show is one of `src/sim/mutants/scenarios`, which lead a",
    "run to where one kind of bug lives; `node src/cli/main.ts sim mutants --only ID` tries one bug again.",
    "",
    `${facts.date}: ${killed.length} of ${results.length} found within ${facts.seeds} runs each; ` +
      `runs needed: median ${median(killed)}, worst ${Math.max(0, ...killed)}.`,
    "",
    row(["mutant", "what it does wrong", "found by (scenario)", "runs"]),
    row(["---", "---", "---", "--:"]),
    ...tried.map(({ mutant, result }) =>
      row([`\`${mutant.id}\``, mutant.why, foundBy(result), String(result.seeds)])
    ),
    "",
    ...anywayLines(results)
  ].join("\n")
}
