/** The table of a campaign over mutants, as text. */
import type { JobResult } from "./worker.ts"

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

/** The last line. */
export const formatSummary = (results: ReadonlyArray<JobResult>): string => {
  const runs = results.filter((result) => result.killed !== undefined).map((result) => result.seeds)
  const cpuSeconds = results.reduce((sum, result) => sum + result.cpuMs, 0) / 1000
  return (
    `${runs.length} of ${results.length} mutants killed; runs to kill: median ${median(runs)}, ` +
    `worst ${Math.max(0, ...runs)}; ${cpuSeconds.toFixed(1)} CPU seconds`
  )
}
