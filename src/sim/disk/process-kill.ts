/**
 * What the kill of a process leaves of its writes under way: the machine goes on, but what the process had
 * not heard of may lie in the system's cache only, in a part, or nowhere.
 */

import type { CountedRandom } from "../kernel/random.ts"
import { drawSpan } from "../kernel/timed-fault.ts"
import type { VolatileWrite } from "./image.ts"

/** How often each end befalls a write under way, or a change of a directory, as weights. */
export interface ProcessKill {
  /** It goes on, and is durable when it would have been. */
  readonly completed: number
  /**
   * All of it is in the system's cache: the next life reads it, and a power cut loses it, unless it was
   * written over, synced, or written back by the system before.
   */
  readonly cached: number
  /** The same of its first bytes; changes of directories know no parts. */
  readonly cutShort: number
  /** Nothing of it has happened. */
  readonly undone: number
}

/** Whatever was handed over is completed. */
export const completesAll: ProcessKill = { completed: 1, cached: 0, cutShort: 0, undone: 0 }

/** The four ends, each equally likely. */
export const evenKill: ProcessKill = { completed: 1, cached: 1, cutShort: 1, undone: 1 }

export type KilledEnd = keyof ProcessKill

/** When a system gets round to writing back what lies in its cache. */
const writtenBackMicros = { min: 1_000_000, max: 30_000_000 }

export const drawWrittenBack = (random: CountedRandom, nowMicros: number): number =>
  nowMicros + drawSpan(random, writtenBackMicros)

/** Where nothing but completion is left, no end of a write is drawn. */
const mayHarm = ({ cached, cutShort, undone }: ProcessKill): boolean => cached + cutShort + undone > 0

/** Draws the end of a write. */
const drawEnd = (random: CountedRandom, { completed, cached, cutShort, undone }: ProcessKill): KilledEnd =>
  random.weighted<KilledEnd>([
    ["completed", completed],
    ["cached", cached],
    ["cutShort", cutShort],
    ["undone", undone]
  ])

/** Draws the end of a change of a directory. Where kills harm nothing it has happened, or it has not. */
export const drawChangeEnd = (random: CountedRandom, weights: ProcessKill): KilledEnd => {
  if (mayHarm(weights)) return drawEnd(random, { ...weights, cutShort: 0 })
  return random.chance(0.5) ? "completed" : "undone"
}

/** Whether somebody waits for it yet. */
export const isUnderWay = ({ acknowledgedMicros }: VolatileWrite, nowMicros: number): boolean =>
  acknowledgedMicros > nowMicros && acknowledgedMicros < Number.POSITIVE_INFINITY

/**
 * Draws an end for each write under way, and has the files hold what is left. Returns the writes that a power
 * cut may still undo; those of the killed process are acknowledged never.
 */
export const resolveKill = (
  random: CountedRandom,
  weights: ProcessKill,
  writes: Array<VolatileWrite>,
  nowMicros: number,
  onEnd: (end: KilledEnd, write: VolatileWrite, leftBytes: number) => void
): Array<VolatileWrite> => {
  const first = writes.findIndex((write) => isUnderWay(write, nowMicros))
  if (first < 0 || !mayHarm(weights)) return writes
  const redone = writes.slice(first)
  // Later ones may overlap it: those that stay are made anew over what is left.
  for (const write of redone.toReversed()) write.file.write(write.offset, write.before)
  const left = writes.slice(0, first)
  for (const write of redone) {
    const { file, offset, acknowledgedMicros, durableMicros } = write
    let { bytes } = write
    let times = { acknowledgedMicros, durableMicros }
    if (isUnderWay(write, nowMicros)) {
      const end = drawEnd(random, weights)
      if (end === "cutShort") bytes = bytes.subarray(0, random.below(bytes.length))
      if (end === "undone") bytes = bytes.subarray(0, 0)
      const isCached = end === "cached" || end === "cutShort"
      times = {
        acknowledgedMicros: Number.POSITIVE_INFINITY,
        durableMicros: isCached ? drawWrittenBack(random, nowMicros) : durableMicros
      }
      onEnd(end, write, bytes.length)
    }
    if (bytes.length === 0) continue
    const before = file.read(offset, bytes.length)
    file.write(offset, bytes)
    left.push({ ...write, ...times, bytes, before })
  }
  return left
}
