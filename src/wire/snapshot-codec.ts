/** Asking a node for a piece of a snapshot, and the piece, as positional arrays. */
import type { Slot } from "../protocol/ids.ts"
import type { Fields } from "./fields.ts"

/** Asks for a piece of the snapshot at a slot; at slot 0 for the beginning of the newest one. */
export interface AskSnapshot {
  readonly _tag: "AskSnapshot"
  readonly slot: Slot
  readonly offset: number
  readonly maxBytes: number
}

/**
 * A piece of the snapshot's file. Where the one asked for is gone, the slot is another, and there are no
 * bytes.
 */
export interface SnapshotPart {
  readonly _tag: "SnapshotPart"
  /** 0 where the node has none. */
  readonly slot: Slot
  /** Of the whole file. */
  readonly sizeBytes: number
  readonly offset: number
  /** Of the bytes. */
  readonly checksum: number
  readonly bytes: Uint8Array
}

export const snapshotKinds = { AskSnapshot: 50, SnapshotPart: 51 } as const

export const snapshotOut = (message: AskSnapshot | SnapshotPart): ReadonlyArray<unknown> =>
  message._tag === "AskSnapshot"
    ? [message.slot, message.offset, message.maxBytes]
    : [message.slot, message.sizeBytes, message.offset, message.checksum, message.bytes]

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const snapshotIn = (kind: number, fields: Fields): AskSnapshot | SnapshotPart | undefined => {
  if (kind === snapshotKinds.AskSnapshot)
    return { _tag: "AskSnapshot", slot: fields.slot(), offset: fields.count(), maxBytes: fields.count() }
  if (kind !== snapshotKinds.SnapshotPart) return undefined
  const [slot, sizeBytes, offset] = [fields.slot(), fields.count(), fields.count()]
  return { _tag: "SnapshotPart", slot, sizeBytes, offset, checksum: fields.count(), bytes: fields.bytes() }
}
