/** Runs: consecutive log entries of one ballot, kept as the very bytes that travel and lie on disk. */
import { type Ballot, Slot, slotPlus } from "../ids.ts"
import { invariant } from "../invariant.ts"

/**
 * Entries `first .. first + count - 1`, all first proposed in `ballot`. `bytes` holds them one after another,
 * each behind its length as 4 bytes, least significant first. `atMs` is the proposing leader's clock, never
 * decreasing along a log: the only time that a state machine sees.
 */
export interface Run {
  readonly ballot: Ballot
  readonly first: Slot
  readonly count: number
  readonly atMs: number
  readonly bytes: Uint8Array
}

export const lengthPrefixBytes = 4

export const runLast = (run: Run): Slot => slotPlus(run.first, run.count - 1)

/** The last slot of consecutive runs, or `otherwise` where there are none. */
export const runsLast = (runs: ReadonlyArray<Run>, otherwise: Slot): Slot => {
  const last = runs[runs.length - 1]
  return last === undefined ? otherwise : runLast(last)
}

export const readUint32 = (bytes: Uint8Array, offset: number): number =>
  (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0

export const writeUint32 = (bytes: Uint8Array, offset: number, value: number): void => {
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
}

/** How many whole entries `bytes` holds; undefined where the lengths do not add up to exactly its size. */
export const countEntries = (bytes: Uint8Array): number | undefined => {
  let offset = 0
  let count = 0
  while (offset + lengthPrefixBytes <= bytes.length) {
    offset += lengthPrefixBytes + readUint32(bytes, offset)
    count++
  }
  return offset === bytes.length ? count : undefined
}

const offsetOf = (run: Run, slot: Slot): number => {
  let offset = 0
  for (let at: number = run.first; at < slot; at++)
    offset += lengthPrefixBytes + readUint32(run.bytes, offset)
  return offset
}

/** The part of a run in `from .. through`; undefined where nothing is left. No bytes are copied. */
export const sliceRun = (run: Run, from: Slot, through: Slot): Run | undefined => {
  const last = runLast(run)
  if (from > last || through < run.first) return undefined
  if (from <= run.first && through >= last) return run
  const first = Slot(Math.max(from, run.first))
  const end = Slot(Math.min(through, last))
  const startOffset = offsetOf(run, first)
  const endOffset = end === last ? run.bytes.length : offsetOf(run, slotPlus(end, 1))
  return { ...run, first, count: end - first + 1, bytes: run.bytes.subarray(startOffset, endOffset) }
}

/** As many whole entries from the start of a run as fit in `maxBytes`; at least one. */
export const takeBytes = (run: Run, maxBytes: number): Run => {
  if (run.bytes.length <= maxBytes) return run
  let offset = 0
  let count = 0
  while (count < run.count) {
    const next = offset + lengthPrefixBytes + readUint32(run.bytes, offset)
    if (count > 0 && next > maxBytes) break
    offset = next
    count++
  }
  return { ...run, count, bytes: run.bytes.subarray(0, offset) }
}

/**
 * What is wrong with runs that claim to follow `prevSlot`, or undefined: they must be consecutive, with
 * ballots that do not fall.
 */
export const runsMisformed = (
  runs: ReadonlyArray<Run>,
  prevSlot: Slot,
  prevSlotBallot: Ballot
): string | undefined => {
  let slot = prevSlot
  let ballot = prevSlotBallot
  for (const run of runs) {
    if (run.first !== slot + 1) return `a run starts at ${run.first}, not at ${slot + 1}`
    if (run.ballot < ballot) return `a run of ballot ${run.ballot} follows ballot ${ballot}`
    if (countEntries(run.bytes) !== run.count)
      return `a run of ${run.count} entries holds another number of them`
    slot = runLast(run)
    ballot = run.ballot
  }
  return undefined
}

/** Joins the bytes of several entries or batches of entries into one. */
export const joinBytes = (parts: ReadonlyArray<Uint8Array>, sizeBytes: number): Uint8Array => {
  if (parts.length === 1) return parts[0]!
  const joined = new Uint8Array(sizeBytes)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  invariant(offset === sizeBytes, "the joined size is the sum of the sizes of the parts")
  return joined
}
