/** A log in memory as an immutable value: what the cores read, and what a disk keeps of it. */
import { type Ballot, Slot, slotMin } from "../../protocol/ids.ts"
import { type Run, runLast, sliceRun, takeBytes } from "../../protocol/log/run.ts"
import {
  ballotIn,
  type LogView,
  lastOf,
  lastSlotOfBallotIn,
  noBase,
  type Stretches,
  stretchesWith
} from "../../protocol/log/view.ts"

export interface MemoryLog extends LogView {
  readonly runs: ReadonlyArray<Run>
  readonly stretches: Stretches
}

export const memoryLog = (promised: Ballot, runs: ReadonlyArray<Run>, stretches: Stretches): MemoryLog => ({
  promised,
  runs,
  stretches,
  base: noBase,
  first: Slot(1),
  last: lastOf(stretches),
  ballotAt: (slot) => ballotIn(stretches, slot),
  lastSlotOfBallot: (ballot, slot) => lastSlotOfBallotIn(stretches, ballot, slot),
  read: (from, through, maxBytes) => readRuns(runs, from, slotMin(through, lastOf(stretches)), maxBytes)
})

const readRuns = (runs: ReadonlyArray<Run>, from: Slot, through: Slot, maxBytes: number): Array<Run> => {
  const read: Array<Run> = []
  let room = maxBytes
  for (const run of runs) {
    const part = sliceRun(run, from, through)
    if (part === undefined) continue
    if (read.length > 0 && room <= 0) break
    const taken = takeBytes(part, room)
    if (read.length > 0 && taken.bytes.length > room) break
    read.push(taken)
    room -= taken.bytes.length
    if (taken.count < part.count) break
  }
  return read
}

/** The log in which everything from `run.first` on is replaced by `run`. */
export const withRun = (log: MemoryLog, run: Run): MemoryLog => {
  const kept: Array<Run> = []
  for (const old of log.runs) {
    if (old.first >= run.first) break
    kept.push(runLast(old) < run.first ? old : sliceRun(old, old.first, (run.first - 1) as Slot)!)
  }
  return memoryLog(log.promised, [...kept, run], stretchesWith(log.stretches, run))
}

export const withPromise = (log: MemoryLog, promised: Ballot): MemoryLog =>
  memoryLog(promised, log.runs, log.stretches)

/**
 * What stands at a slot, as a text that is equal only for equal values: the run's clock and the entry's
 * bytes.
 */
export const valueAt = (log: MemoryLog, slot: Slot): string | undefined => {
  for (const run of log.runs) {
    const entry = sliceRun(run, slot, slot)
    if (entry !== undefined) return `${entry.atMs}:${Buffer.from(entry.bytes).toString("hex")}`
  }
  return undefined
}
