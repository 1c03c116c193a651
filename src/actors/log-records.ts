/** Durable records as bytes of the write-ahead log: hand-laid, least significant byte first. */
import { Ballot, Slot } from "../protocol/ids.ts"
import type { Run } from "../protocol/run.ts"
import type { DurableRecord } from "../protocol/step.ts"

/** Types of records in the log. A number is never used again for something else. */
const recordTypes = { promised: 1, appended: 2, chosen: 3 } as const

// appended: ballot, first and time as 8 bytes each, count as 4; then the entries as they travel.
const appendedHeaderBytes = 28

export interface EncodedRecord {
  readonly type: number
  readonly parts: ReadonlyArray<Uint8Array>
}

const numberRecord = (type: number, value: number): EncodedRecord => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return { type, parts: [bytes] }
}

export const encodeRecord = (record: DurableRecord): EncodedRecord => {
  switch (record._tag) {
    case "Promised":
      return numberRecord(recordTypes.promised, record.ballot)
    case "Chosen":
      return numberRecord(recordTypes.chosen, record.slot)
    case "Appended": {
      const { ballot, first, atMs, count, bytes } = record.run
      const header = new Uint8Array(appendedHeaderBytes)
      const view = new DataView(header.buffer)
      view.setFloat64(0, ballot, true)
      view.setFloat64(8, first, true)
      view.setFloat64(16, atMs, true)
      view.setUint32(24, count, true)
      return { type: recordTypes.appended, parts: [header, bytes] }
    }
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
    case recordTypes.appended:
      return { _tag: "Appended", run: decodeRun(view, body) }
    default:
      return undefined
  }
}

const decodeRun = (view: DataView, body: Uint8Array): Run => ({
  ballot: Ballot(view.getFloat64(0, true)),
  first: Slot(view.getFloat64(8, true)),
  atMs: view.getFloat64(16, true),
  count: view.getUint32(24, true),
  bytes: body.subarray(appendedHeaderBytes)
})
