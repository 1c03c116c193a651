/** Histories as lines: from files, from short lists of events, from operations made in memory. */
import { readFileSync } from "node:fs"
import { checkHistory, type HistoryOptions, type HistoryReport } from "../../src/sim/history/command.ts"
import type { Json, Operation } from "../../src/sim/history/operation.ts"

/** The lines of one of the files beside this one. */
const load = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`${name}.jsonl`, import.meta.url), "utf8").split("\n")

/** The report on one of the files beside this one. */
export const check = (name: string, options: HistoryOptions = {}): HistoryReport =>
  checkHistory(load(name), options)

/** One line of a history, in short. */
export type Event = readonly [process: number | string, type: string, f: string, value?: Json, more?: object]

/** The lines of a history that is written in short. */
export const lines = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events.map(([process, type, f, value, more]) => JSON.stringify({ process, type, f, value, ...more }))

/** The lines of a history that was made in memory, in the order of its events. */
export const toLines = (operations: ReadonlyArray<Operation>): ReadonlyArray<string> => {
  const events: Array<readonly [number, object]> = []
  for (const { process, f, key, input, output, outcome, call, done } of operations) {
    events.push([call, { process, type: "invoke", f, key, value: input ?? null }])
    const value = f === "read" ? (output ?? null) : input
    if (outcome !== "open") events.push([done, { process, type: outcome, f, key, value }])
  }
  return events.sort((a, b) => a[0] - b[0]).map(([, event]) => JSON.stringify(event))
}
