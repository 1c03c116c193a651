/**
 * Keeps the write-ahead log of a node short: what is still needed of its oldest segments is written again,
 * and then they are removed.
 */
import { Effect, Semaphore } from "effect"
import { knob } from "../../runtime/buggify.ts"
import { untilSynced } from "../../runtime/storage/until-synced.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import type { GroupLog } from "./group-log.ts"

/** What shares a write-ahead log. */
export interface Compacted {
  readonly wal: Wal
  readonly logs: ReadonlyArray<GroupLog>
  /**
   * Each writes its records again that are not entries of a group: whoever else keeps something in this log
   * adds one.
   */
  readonly checkpoints: Array<() => void>
}

/**
 * A log with no more than this is copied where it keeps the space of others; with more it needs a snapshot.
 */
const copyMaxBytes = knob("log-copy-bytes", 1 << 20, { min: 64, max: 4096 })
/** A group is quiet when the log behind its oldest entry is so many times as long as its own entries. */
const quietFactor = 4

/**
 * Whether the entries of a group keep much more of the log than they are: others have gone on, and this one
 * has not.
 */
const isQuiet = (log: GroupLog, { endPosition, segmentBytes }: ReturnType<Wal["stats"]>): boolean => {
  const start = log.startPosition
  if (start === undefined) return false
  const kept = endPosition - start
  return kept > segmentBytes && kept > quietFactor * log.bytesBehind(log.base.slot)
}

/** Whether only a snapshot can free the space that a quiet group keeps: its entries do not fit one record. */
export const wantsSnapshot = (log: GroupLog, stats: ReturnType<Wal["stats"]>): boolean =>
  isQuiet(log, stats) && log.bytesBehind(log.base.slot) > Math.min(copyMaxBytes.value, stats.segmentBytes / 2)

/** Before here nobody needs an entry. */
const neededFrom = ({ wal, logs }: Compacted): number => {
  let needed = wal.stats().endPosition
  for (const { startPosition } of logs) needed = Math.min(needed, startPosition ?? needed)
  return needed
}

/**
 * At one go: a log takes for the place of what it has written the frame with the first record that anybody
 * has staged since the last sync, and in between others might stage records and sync.
 */
const copiedForward = (log: GroupLog) =>
  untilSynced((done) => {
    log.copyForward()
    log.sync(done)
  })

const compact = Effect.fnUntraced(function* (compacted: Compacted) {
  const { wal, logs, checkpoints } = compacted
  const quiet = logs.filter((log) => isQuiet(log, wal.stats()) && !wantsSnapshot(log, wal.stats()))
  for (const log of quiet) yield* copiedForward(log)
  const needed = neededFrom(compacted)
  const { startPosition, segmentBytes } = wal.stats()
  if (needed < startPosition + segmentBytes) return 0
  // What the removed segments said beside entries, promises above all, must be on the disk once more first.
  for (const checkpoint of checkpoints) checkpoint()
  for (const log of logs) log.checkpoint()
  yield* untilSynced(wal.sync)
  return yield* wal.removeBefore(needed)
})

/**
 * Makes the compaction of a node's log: run it whenever a group needs less than before. It tells how many
 * segments it removed. Fails with `DiskFailed` or `StorageCorrupted`; nothing is lost then, and the next run
 * tries again, unless the log itself has failed.
 */
export const makeCompaction = Effect.fnUntraced(function* (compacted: Compacted) {
  const oneAtATime = yield* Semaphore.make(1)
  return oneAtATime.withPermit(compact(compacted))
})
