/** Old entries of a group's log, read back from the write-ahead log of its node. */
import { type Slot, slotMin, slotPlus } from "../../protocol/ids.ts"
import { type Run, runLast, sliceRun, takeBytes } from "../../protocol/log/run.ts"
import type { LogView } from "../../protocol/log/view.ts"
import { StorageCorrupted } from "../../runtime/storage/errors.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import { decodeRecord, runsOf } from "./records.ts"

/** Where so many bytes of others follow an entry, what comes next is looked for anew. */
const gapMaxBytes = 256 * 1024

/** What was read, and the frame from which on what follows is to be looked for: it may hold more itself. */
interface StoredRuns {
  readonly runs: ReadonlyArray<Run>
  readonly next: Slot
  readonly position: number
}

/** What the log of a group says about what the disk holds. */
type StoredLog = Pick<LogView, "ballotAt" | "lastSlotOfBallot"> & { readonly groupNumber: number }

/**
 * Reads entries from `from` on, at most `through`, of about `maxBytes`, going forward from `start`. The disk
 * also holds what was replaced since; an entry counts only if its ballot is the one that the log has at its
 * slot, and then it is the same entry. What others have written behind an entry is not read through for the
 * next one. Throws `StorageCorrupted` where there is none, `DiskFailed` where the
 * disk fails.
 */
export const readStored = (
  wal: Wal,
  log: StoredLog,
  start: number | undefined,
  from: Slot,
  through: Slot,
  maxBytes: number
): StoredRuns => {
  const found: Array<Run> = []
  let next = from
  let room = maxBytes
  let position = start
  let takenFrom = 0
  while (position !== undefined && next <= through && room > 0) {
    const frame = wal.readFrame(position)
    if (frame === undefined) break
    for (const { type, group, body } of frame.records) {
      for (const run of group === log.groupNumber ? runsOf(decodeRecord(type, body)) : []) {
        const part = next > through || room <= 0 ? undefined : current(log, run, next, through)
        if (part === undefined) continue
        const taken = takeBytes(part, Math.max(room, 1))
        found.push({ ...taken, bytes: new Uint8Array(taken.bytes) })
        room -= taken.bytes.length
        next = slotPlus(runLast(taken), 1)
        takenFrom = position
        if (taken.count < part.count) return { runs: found, next, position }
      }
    }
    position = frame.next
    if (found.length > 0 && position - takenFrom > gapMaxBytes) break
  }
  if (found.length > 0) return { runs: found, next, position: takenFrom }
  const reason = `the entry of slot ${from} cannot be found`
  throw new StorageCorrupted({ path: "write-ahead log", offset: 0, reason })
}

/** The part of a run found on disk that continues at `next` and is still what the log has there. */
const current = (log: StoredLog, run: Run, next: Slot, through: Slot): Run | undefined => {
  if (run.first > next || runLast(run) < next || log.ballotAt(next) !== run.ballot) return undefined
  const end = log.lastSlotOfBallot(run.ballot, runLast(run))
  return sliceRun(run, next, slotMin(end, through))
}
