/** What is kept of a run of the simulator: trace, history, verdict, and how to see it again. */
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeDirectories } from "../../runtime/storage/files-directories.ts"
import { pictureOf } from "../../sim/picture/page.ts"
import type { PictureOperation } from "../../sim/picture/scene.ts"
import { otherwise, runAgain, whyOtherwise } from "../../sim/runs/again.ts"
import type { Finding } from "../../sim/runs/report.ts"
import type { RunFailure, RunResult } from "../../sim/runs/result.ts"
import { type KnownSeed, recipeOf } from "../../sim/runs/seeds.ts"
import type { Simulation } from "../../sim/simulation.ts"
import type { TraceEntry } from "../../sim/trace/trace.ts"
import type { HistoryLine } from "../../sim/workload/history.ts"
import { writing } from "../written.ts"

/** The command that runs a recipe again. */
export const replayCommand = (simulation: string, recipe: string): string =>
  /^\d+$/.test(recipe)
    ? `aplomb sim replay ${simulation} --seed ${recipe}`
    : `aplomb sim replay ${simulation} --recipe "${recipe}"`

/** A line for each, as JSON where it is no text already. */
export const linesOf = (values: ReadonlyArray<unknown>): string =>
  values.map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`).join("")

/** The options of a run of which all is to be kept, and the trace that they fill. */
const keepingAll = () => {
  const trace: Array<TraceEntry> = []
  return { trace, options: { listen: (entry: TraceEntry) => void trace.push(entry), keepHistory: true } }
}

/** Runs a recipe with its full trace. It is the same run: the digest shows it. */
export const traced = (
  simulation: Simulation,
  recipe: string
): { readonly result: RunResult; readonly trace: ReadonlyArray<TraceEntry> } => {
  const { trace, options } = keepingAll()
  const result = simulation.run({ ...options, seed: recipeOf(recipe) })
  return { result, trace }
}

/** What a finding came to when it was run again for its trace; only a note where it was not. */
export interface Seen {
  /** Left out where the second run has thrown. */
  readonly again?: RunResult
  readonly trace: ReadonlyArray<TraceEntry>
  /** What is to be known of it besides, as that it did not happen again. */
  readonly note?: string
}

/** Why a run that took its thread with it is not run again. */
const whyNotAgain = ({ kind }: RunFailure): string => {
  const [does, replay] =
    kind === "memory"
      ? ["fills the memory", "Its replay ends where the memory does"]
      : ["does not end", "Nor does its replay end: stop it by Ctrl-C"]
  return `There is no trace: the run ${does}, and was not run again. ${replay}`
}

/** Runs again what was found; of a run that took its thread with it, it says why it does not. */
export const seeAgain = (simulation: Simulation, { recipe, failure, run, before }: Finding): Seen => {
  if (run === undefined) return { trace: [], note: whyNotAgain(failure) }
  const { trace, options } = keepingAll()
  const again = runAgain(simulation, recipe, options)
  const result = "threw" in again ? { trace } : { again, trace }
  const instead = otherwise(run, again)
  if (instead === undefined) return result
  const find = `aplomb sim determinism ${simulation.name} looks for such state`
  const note = `It did not happen again: run by itself, ${instead}. ${whyOtherwise(before)}; ${find}`
  return { ...result, note }
}

/** Names in the directory of a finding, whatever its kind. */
const names = {
  verdict: "failure.json",
  trace: "trace.jsonl",
  history: "history.jsonl",
  picture: "picture.html",
  /** What ran before it in its thread and then itself, as `--known` takes it. */
  before: "before.json",
  /** What came of the second run where it was another one. */
  again: "again"
}

const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : JSON.stringify(path))

const directoryOf = (parent: string, { simulation, recipe }: Finding): string =>
  join(parent, `${simulation}-${recipe.replaceAll(/[^\d@]+/g, "_")}`.slice(0, 120))

/** The command that shows it again: behind what ran before it, where it does not fail by itself. */
export const seeAgainCommand = (parent: string, finding: Finding, { note }: Seen): string => {
  const { simulation, recipe, run, before } = finding
  if (note === undefined || run === undefined || before.length === 0) return replayCommand(simulation, recipe)
  const path = quoted(join(directoryOf(parent, finding), names.before))
  return `aplomb sim run ${simulation} --known ${path} --seeds 1 --jobs 1`
}

/**
 * Writes all about a finding into a directory of its own below `parent`; returns its path, or fails with a
 * sentence.
 */
export const keepFinding = (parent: string, finding: Finding, seen: Seen) =>
  writing(parent, () => {
    const directory = directoryOf(parent, finding)
    makeDirectories(directory)
    // What an earlier run has left there would be taken for this one's.
    for (const name of Object.values(names)) rmSync(join(directory, name), { recursive: true, force: true })
    const { note, again, trace } = seen
    const replay = seeAgainCommand(parent, finding, seen)
    writeJson(join(directory, names.verdict), { ...verdictOf(finding, seen), replay })
    if (again !== undefined && note === undefined) writeRun(directory, again, trace)
    if (note === undefined) return directory
    if (finding.before.length > 0) writeJson(join(directory, names.before), knownOf(finding))
    if (finding.run === undefined) return directory
    writeFileSync(join(directory, names.history), linesOf(finding.run.history))
    if (again === undefined) return directory
    makeDirectories(join(directory, names.again))
    writeRun(join(directory, names.again), again, trace)
    return directory
  })

const writeJson = (path: string, value: unknown): void =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)

/** The run as it failed, and that it did not do so again. */
const verdictOf = ({ simulation, recipe, failure, run }: Finding, { note, again }: Seen): object => {
  if (run === undefined) return { simulation, recipe, failure, note }
  const { history: _, marks: __, coverage: ___, ...rest } = run
  if (note === undefined) return rest
  const second = again && { failure: again.failure ?? null, digest: again.digest, figures: again.figures }
  return { ...rest, note, again: second }
}

/** The runs of its thread up to this one. */
const knownOf = ({ simulation, recipe, failure, before }: Finding): ReadonlyArray<KnownSeed> => [
  ...before.map((recipe) => ({ simulation, recipe, found: "" })),
  { simulation, recipe, found: failure.name }
]

const writeRun = (directory: string, result: RunResult, trace: ReadonlyArray<TraceEntry>): void => {
  writeFileSync(join(directory, names.trace), linesOf(trace))
  writeFileSync(join(directory, names.history), linesOf(result.history))
  writeFileSync(join(directory, names.picture), pictureOfRun(result, trace))
}

/** The operations of a history, for the lanes of clients in a picture. */
const operationsOf = (history: ReadonlyArray<string>): ReadonlyArray<PictureOperation> => {
  const open = new Map<number, HistoryLine>()
  const operations: Array<PictureOperation> = []
  const add = (begun: HistoryLine, endMicros: number | undefined, outcome: string, value: unknown) => {
    const label = `${begun.f} ${begun.key} ${JSON.stringify(value)}`
    operations.push({
      process: `client ${begun.process}`,
      label,
      startMicros: begun.time,
      endMicros,
      outcome
    })
  }
  for (const text of history) {
    const line = JSON.parse(text) as HistoryLine
    const begun = open.get(line.process)
    open.delete(line.process)
    if (line.type === "invoke") open.set(line.process, line)
    else if (begun !== undefined) add(begun, line.time, line.type, line.value)
  }
  for (const begun of open.values()) add(begun, undefined, "unknown", begun.value)
  return operations
}

/** Draws a run as a page. */
export const pictureOfRun = (result: RunResult, trace: ReadonlyArray<TraceEntry>): string => {
  const { simulation, recipe, failure } = result
  return pictureOf({
    title: `${simulation}, ${recipe}`,
    entries: trace,
    operations: operationsOf(result.history),
    replay: replayCommand(simulation, recipe),
    facts: { recipe, families: result.families.join(", ") },
    ...(failure === undefined ? {} : { failure: { law: failure.name, message: failure.message } })
  })
}
