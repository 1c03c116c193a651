/** What is kept of a run of the simulator: trace, history, verdict, and how to see it again. */
import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { makeDirectories } from "../../runtime/storage/files-directories.ts"
import { pictureOf } from "../../sim/picture/page.ts"
import type { PictureOperation } from "../../sim/picture/scene.ts"
import type { Finding } from "../../sim/runs/report.ts"
import type { RunResult } from "../../sim/runs/result.ts"
import { recipeOf } from "../../sim/runs/seeds.ts"
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

/** Runs a recipe with its full trace. It is the same run: the digest shows it. */
export const traced = (
  simulation: Simulation,
  recipe: string
): { readonly result: RunResult; readonly trace: ReadonlyArray<TraceEntry> } => {
  const trace: Array<TraceEntry> = []
  const listen = (entry: TraceEntry) => void trace.push(entry)
  const result = simulation.run({ seed: recipeOf(recipe), listen, keepHistory: true })
  return { result, trace }
}

/** Why nothing but its verdict is kept of a run that hangs. */
export const hangNote =
  "There is no trace: the run does not end, and was not run again. Nor does its replay end: stop it by Ctrl-C"

/**
 * Runs what was found again and writes all about it into a directory of its own below `parent`; of a run that
 * hangs, what is known. Returns its path, or fails with a sentence.
 */
export const keepFinding = (parent: string, simulation: Simulation, finding: Finding) =>
  Effect.suspend(() => {
    const { recipe, failure } = finding
    if (failure.kind === "hang") return writing(parent, () => writeVerdict(parent, finding, hangNote))
    const { result, trace } = traced(simulation, recipe)
    return writing(parent, () => writeArtefacts(parent, result, trace))
  })

interface Verdict {
  readonly simulation: string
  readonly recipe: string
}

/** Makes the directory of a run below `parent`, and in it failure.json alone; returns its path. */
const writeVerdict = (parent: string, verdict: Verdict, note?: string): string => {
  const { simulation, recipe } = verdict
  const name = `${simulation}-${recipe.replaceAll(/[^\d@]+/g, "_")}`
  const directory = join(parent, name.slice(0, 120))
  makeDirectories(directory)
  // What an earlier run has left there would be taken for this one's.
  for (const file of ["trace.jsonl", "history.jsonl", "picture.html"])
    rmSync(join(directory, file), { force: true })
  const told = {
    ...verdict,
    ...(note === undefined ? {} : { note }),
    replay: replayCommand(simulation, recipe)
  }
  writeFileSync(join(directory, "failure.json"), `${JSON.stringify(told, null, 2)}\n`)
  return directory
}

/**
 * Writes trace.jsonl, history.jsonl, picture.html and failure.json into a directory of the run's own below
 * `parent`; returns its path.
 */
const writeArtefacts = (parent: string, result: RunResult, trace: ReadonlyArray<TraceEntry>): string => {
  const { history, marks: _, coverage: __, ...rest } = result
  const directory = writeVerdict(parent, rest)
  writeFileSync(join(directory, "trace.jsonl"), linesOf(trace))
  writeFileSync(join(directory, "history.jsonl"), linesOf(history))
  writeFileSync(join(directory, "picture.html"), pictureOfRun(result, trace))
  return directory
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
