/** Durable records as bytes of the write-ahead log: hand-laid, least significant byte first. */
import { Ballot, Slot } from "../../protocol/ids.ts"
import { lengthPrefixBytes, type Run, readUint32, writeUint32 } from "../../protocol/log/run.ts"
import type { Base } from "../../protocol/log/view.ts"
import type { DurableRecord } from "../../protocol/step.ts"

/** Types of records in the log. A number is never used again for something else. */
const recordTypes = { promised: 1, appended: 2, chosen: 3, leaseNoted: 4, based: 5, rewritten: 6 } as const

// appended: ballot, first and time as 8 bytes each, count as 4; then the entries as they travel.
const appendedHeaderBytes = 28

// based: slot, ballot and time as 8 bytes each. rewritten: the same, then runs, each as appended has it
// behind its length as 4 bytes.
const baseBytes = 24

export interface EncodedRecord {
  readonly type: number
  readonly parts: ReadonlyArray<Uint8Array>
}

const numberRecord = (type: number, value: number): EncodedRecord => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return { type, parts: [bytes] }
}

const baseOut = ({ slot, ballot, atMs }: Base): Uint8Array => {
  const bytes = new Uint8Array(baseBytes)
  const view = new DataView(bytes.buffer)
  view.setFloat64(0, slot, true)
  view.setFloat64(8, ballot, true)
  view.setFloat64(16, atMs, true)
  return bytes
}

const runHeader = ({ ballot, first, atMs, count }: Run): Uint8Array => {
  const header = new Uint8Array(appendedHeaderBytes)
  const view = new DataView(header.buffer)
  view.setFloat64(0, ballot, true)
  view.setFloat64(8, first, true)
  view.setFloat64(16, atMs, true)
  view.setUint32(24, count, true)
  return header
}

const rewrittenParts = (base: Base, runs: ReadonlyArray<Run>): Array<Uint8Array> => {
  const parts = [baseOut(base)]
  for (const run of runs) {
    const length = new Uint8Array(lengthPrefixBytes)
    writeUint32(length, 0, appendedHeaderBytes + run.bytes.length)
    parts.push(length, runHeader(run), run.bytes)
  }
  return parts
}

export const encodeRecord = (record: DurableRecord): EncodedRecord => {
  switch (record._tag) {
    case "Promised":
      return numberRecord(recordTypes.promised, record.ballot)
    case "Chosen":
      return numberRecord(recordTypes.chosen, record.slot)
    case "LeaseNoted":
      return numberRecord(recordTypes.leaseNoted, record.durationMs)
    case "Appended":
      return { type: recordTypes.appended, parts: [runHeader(record.run), record.run.bytes] }
    case "Based":
      return { type: recordTypes.based, parts: [baseOut(record.base)] }
    case "Rewritten":
      return { type: recordTypes.rewritten, parts: rewrittenParts(record.base, record.runs) }
  }
}

/** Reads a record; undefined for a type that is none of ours. The entries are a view of `body`. */
export const decodeRecord = (type: number, body: Uint8Array): DurableRecord | undefined => {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  switch (type) {
    case recordTypes.promised:
      return { _tag: "Promised", ballot: Ballot(view.getFloat64(0, true)) }
    case recordTypes.chosen:
      return { _tag: "Chosen", slot: Slot(view.getFloat64(0, true)) }
    case recordTypes.leaseNoted:
      return { _tag: "LeaseNoted", durationMs: view.getFloat64(0, true) }
    case recordTypes.appended:
      return { _tag: "Appended", run: decodeRun(body) }
    case recordTypes.based:
      return { _tag: "Based", base: decodeBase(view) }
    case recordTypes.rewritten:
      return { _tag: "Rewritten", base: decodeBase(view), runs: decodeRuns(body) }
    default:
      return undefined
  }
}

const decodeRun = (body: Uint8Array): Run => {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  return {
    ballot: Ballot(view.getFloat64(0, true)),
    first: Slot(view.getFloat64(8, true)),
    atMs: view.getFloat64(16, true),
    count: view.getUint32(24, true),
    bytes: body.subarray(appendedHeaderBytes)
  }
}

const decodeBase = (view: DataView): Base => ({
  slot: Slot(view.getFloat64(0, true)),
  ballot: Ballot(view.getFloat64(8, true)),
  atMs: view.getFloat64(16, true)
})

const decodeRuns = (body: Uint8Array): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  for (let offset = baseBytes; offset < body.length; ) {
    const start = offset + lengthPrefixBytes
    offset = start + readUint32(body, offset)
    runs.push(decodeRun(body.subarray(start, offset)))
  }
  return runs
}

/** The runs that a record brings, none where it is of another kind. */
export const runsOf = (record: DurableRecord | undefined): ReadonlyArray<Run> =>
  record?._tag === "Appended" ? [record.run] : record?._tag === "Rewritten" ? record.runs : []
