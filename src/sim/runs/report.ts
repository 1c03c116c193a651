/** What a number of runs came to: findings, coverage, faults that struck, and how fast it went. */
import { type Assertion, declaredAssertions } from "../assert.ts"
import {
  addCoverage,
  type CoverageFigures,
  demanded,
  noCoverage,
  seesMore,
  unseen
} from "../assert-coverage.ts"
import { strangeScopeOf } from "../scopes.ts"
import type { RunFailure, RunFigures, RunResult } from "./result.ts"

/** A run that is a finding. */
export interface Finding {
  readonly simulation: string
  readonly recipe: string
  readonly failure: RunFailure
  /** The run itself; left out where it never came to its end. */
  readonly run?: RunResult
  /** The recipes that its thread had run before it, in order. */
  readonly before: ReadonlyArray<string>
}

/** Sums over runs; plain data. */
export interface CampaignReport {
  readonly runs: number
  readonly findings: ReadonlyArray<Finding>
  /** Recipes of the runs whose history was not decided: they are no findings, and no proof either. */
  readonly undecided: ReadonlyArray<string>
  readonly figures: RunFigures
  /** Time that the runs took on their processors, in milliseconds. */
  readonly cpuMs: number
  readonly coverage: CoverageFigures
  /** How many assertions should have been come by. */
  readonly demanded: number
  /** Those that were not. */
  readonly unseen: ReadonlyArray<Assertion>
  /** Those that were not demanded, since what their names begin with is the name of nothing known. */
  readonly strange: ReadonlyArray<Assertion>
  /** Defects that were expected, by who had them. */
  readonly defects: Readonly<Record<string, number>>
  readonly strikes: Readonly<Record<string, number>>
  /** How many runs had each family of faults. */
  readonly families: Readonly<Record<string, number>>
  /** Runs since one saw something that none had seen before. */
  readonly runsSinceNews: number
}

const noFigures: RunFigures = {
  steps: 0,
  draws: 0,
  messages: 0,
  virtualMs: 0,
  operations: 0,
  acknowledged: 0
}

const count = (into: Record<string, number>, name: string, by: number): void => {
  into[name] = (into[name] ?? 0) + by
}

/** Adds up runs as they come. */
export class Tally {
  readonly #findings: Array<Finding> = []
  readonly #undecided: Array<string> = []
  readonly #defects: Record<string, number> = {}
  readonly #strikes: Record<string, number> = {}
  readonly #families: Record<string, number> = {}
  readonly #scopes = new Set<string>()
  #figures = noFigures
  #coverage = noCoverage
  #runs = 0
  #cpuMs = 0
  #runsSinceNews = 0

  /** `past` is what the thread had run before. */
  add(result: RunResult, cpuMs: number, past: ReadonlyArray<string> = []): void {
    this.#runs++
    this.#cpuMs += cpuMs
    const { figures, coverage, failure, simulation, recipe } = result
    const sum = this.#figures
    this.#figures = {
      steps: sum.steps + figures.steps,
      draws: sum.draws + figures.draws,
      messages: sum.messages + figures.messages,
      virtualMs: sum.virtualMs + figures.virtualMs,
      operations: sum.operations + figures.operations,
      acknowledged: sum.acknowledged + figures.acknowledged
    }
    this.#runsSinceNews = seesMore(this.#coverage, coverage) ? 0 : this.#runsSinceNews + 1
    this.#coverage = addCoverage(this.#coverage, coverage)
    for (const [whose, times] of Object.entries(result.defects)) count(this.#defects, whose, times)
    for (const [fault, times] of Object.entries(result.strikes)) count(this.#strikes, fault, times)
    for (const family of result.families) count(this.#families, family, 1)
    for (const scope of result.scopes) this.#scopes.add(scope)
    if (result.undecidedKeys.length > 0) this.#undecided.push(recipe)
    if (failure !== undefined) this.#findings.push({ simulation, recipe, failure, run: result, before: past })
  }

  /** Adds a run that took its thread with it: nobody knows more of it. */
  addLost(finding: Finding): void {
    this.#runs++
    this.#findings.push(finding)
  }

  /**
   * The sums so far. `declared` are the assertions of the code that ran; left out: those loaded in this
   * thread.
   */
  report(declared: ReadonlyArray<Assertion> = declaredAssertions()): CampaignReport {
    const due = demanded(declared, this.#scopes)
    return {
      runs: this.#runs,
      findings: this.#findings,
      undecided: this.#undecided,
      figures: this.#figures,
      cpuMs: this.#cpuMs,
      coverage: this.#coverage,
      demanded: due.length,
      unseen: unseen(due, this.#coverage),
      strange: declared.filter(({ name }) => strangeScopeOf(name, this.#scopes) !== undefined),
      defects: this.#defects,
      strikes: this.#strikes,
      families: this.#families,
      runsSinceNews: this.#runsSinceNews
    }
  }
}

const rate = (amount: number, ms: number): string =>
  ms <= 0 ? "-" : Math.round((amount * 1000) / ms).toLocaleString("en")

/** What the runs of a report are called: of an exploration most are no seeds. */
type RunsName = "seeds" | "runs"

/** How fast the runs were, per second of one processor. */
export const speedLine = ({ runs, figures, cpuMs }: CampaignReport, name: RunsName = "seeds"): string =>
  [
    `${rate(runs, cpuMs)} ${name}`,
    `${rate(figures.virtualMs / 1000, cpuMs)} simulated seconds`,
    `${rate(figures.steps, cpuMs)} events`,
    `${rate(figures.messages, cpuMs)} bus messages`
  ].join(", ") + " per CPU second"

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} ${times}`)
    .join(", ")

const findingsOf = ({ findings, undecided }: CampaignReport): string => {
  const found = `${findings.length} findings`
  return undecided.length === 0 ? found : `${found}, ${undecided.length} undecided`
}

const listedMax = 20

/** Says of which runs nobody knows whether their history is linearizable. */
export const undecidedLine = ({ undecided }: CampaignReport, name: RunsName = "seeds"): string => {
  const listed = undecided.slice(0, listedMax).join(", ")
  const more = undecided.length > listedMax ? ", ..." : ""
  const count = undecided.length === 1 ? "1 history was" : `${undecided.length} histories were`
  return `${count} not decided, and may be wrong: ${name} ${listed}${more}`
}

/** The report as a person reads it, without the findings. */
export const reportLines = (report: CampaignReport, name: RunsName = "seeds"): ReadonlyArray<string> => {
  const { figures, coverage } = report
  const shapes = Object.entries(coverage.shapes).map(([name, seen]) => `${name}: ${Object.keys(seen).length}`)
  const lines = [
    `${report.runs} ${name}, ${findingsOf(report)}; ${speedLine(report, name)}`,
    ...(report.undecided.length === 0 ? [] : [undecidedLine(report, name)]),
    `${figures.operations} operations in histories, ${figures.acknowledged} commands acknowledged`,
    `families of faults, by ${name}: ${listed(report.families) || "none"}`,
    `strikes: ${listed(report.strikes) || "none"}`,
    `reached: ${listed(coverage.counts) || "nothing"}`
  ]
  const marks = Object.entries(coverage.watermarks).map(([name, value]) => `${name}: ${value}`)
  if (marks.length > 0) lines.push(`watermarks: ${marks.join(", ")}`)
  if (shapes.length > 0) lines.push(`shapes seen: ${shapes.join(", ")}`)
  const defects = Object.entries(report.defects).map(([whose, times]) => `${whose}: ${times}`)
  if (defects.length > 0) lines.push(`defects, as expected: ${defects.sort().join("; ")}`)
  for (const { kind, name } of report.unseen) lines.push(`not reached: ${kind} "${name}"`)
  for (const { kind, name } of report.strange)
    lines.push(
      `not demanded: ${kind} "${name}": no simulation, workload or family of faults is known by that`
    )
  if (report.unseen.length === 0)
    lines.push(`all ${report.demanded} assertions that are demanded were reached`)
  return lines
}
