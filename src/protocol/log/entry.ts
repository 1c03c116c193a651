/**
 * Log entries as bytes: what a client submits is what is voted, stored and applied, copied but never
 * re-encoded.
 */
import { type ClientId, RequestNumber, SessionId } from "../ids.ts"
import { joinBytes, lengthPrefixBytes, type Run, readUint32, writeUint32 } from "./run.ts"

/**
 * Entry: length (4 bytes), kind (1), then by kind
 * - started: the time to live of sessions in milliseconds (6). The first entry of every ballot, and of every
 * stretch of time before which the log's clock was put ahead: sessions did not live through what was left
 * out.
 * - open: the client's id. Opens a session named by the entry's slot.
 * - command: session (6), number (4), received (4), the machine's command. The client has the replies to all
 *   numbers up to `received`, so they can be forgotten. It takes a new session long before numbers run out.
 * - keepAlive: session (6). close: session (6).
 */
export type EntryKind = "started" | "open" | "command" | "keepAlive" | "close"

const kinds: ReadonlyArray<EntryKind> = ["started", "open", "command", "keepAlive", "close"]
const kindNumber = (kind: EntryKind): number => kinds.indexOf(kind)
const [startedKind, openKind, commandKind, keepAliveKind, closeKind] = kinds.map(kindNumber) as [
  number,
  number,
  number,
  number,
  number
]

const sessionBytes = 6
const kindAt = lengthPrefixBytes
const bodyAt = kindAt + 1
/** Bytes of a command entry beside the machine's command. */
export const commandOverheadBytes = bodyAt + sessionBytes + 4 + 4

const emptyEntry = (kind: number, bodyBytes: number): Uint8Array => {
  const bytes = new Uint8Array(bodyAt + bodyBytes)
  writeUint32(bytes, 0, 1 + bodyBytes)
  bytes[kindAt] = kind
  return bytes
}

const writeSession = (bytes: Uint8Array, offset: number, session: SessionId): void => {
  writeUint32(bytes, offset, session % 0x1_0000_0000)
  const high = Math.floor(session / 0x1_0000_0000)
  bytes[offset + 4] = high
  bytes[offset + 5] = high >>> 8
}

const readSession = (bytes: Uint8Array, offset: number): SessionId =>
  SessionId(readUint32(bytes, offset) + (bytes[offset + 4]! | (bytes[offset + 5]! << 8)) * 0x1_0000_0000)

export const openEntry = (client: ClientId): Uint8Array => {
  const id = new TextEncoder().encode(client)
  const bytes = emptyEntry(openKind, id.length)
  bytes.set(id, bodyAt)
  return bytes
}

const sessionEntry = (kind: number, session: SessionId): Uint8Array => {
  const bytes = emptyEntry(kind, sessionBytes)
  writeSession(bytes, bodyAt, session)
  return bytes
}

/**
 * The first entry of a ballot. It carries the time to live of sessions: replicas must not each have their
 * own.
 */
export const startedEntry = (sessionTtlMs: number): Uint8Array =>
  sessionEntry(startedKind, SessionId(sessionTtlMs))

export const keepAliveEntry = (session: SessionId): Uint8Array => sessionEntry(keepAliveKind, session)
export const closeEntry = (session: SessionId): Uint8Array => sessionEntry(closeKind, session)

/** Ends a session and opens another one: a client that asks for one while it has one is given that one. */
export const reopenEntries = (session: SessionId, client: ClientId): Uint8Array => {
  const [close, open] = [closeEntry(session), openEntry(client)]
  return joinBytes([close, open], close.length + open.length)
}

/** Writes a command entry into `into` at `offset`; returns where the next one goes. */
export const writeCommand = (
  into: Uint8Array,
  offset: number,
  session: SessionId,
  number: RequestNumber,
  received: number,
  command: Uint8Array
): number => {
  writeUint32(into, offset, commandOverheadBytes - lengthPrefixBytes + command.length)
  into[offset + kindAt] = commandKind
  writeSession(into, offset + bodyAt, session)
  writeUint32(into, offset + bodyAt + sessionBytes, number)
  writeUint32(into, offset + bodyAt + sessionBytes + 4, received)
  into.set(command, offset + commandOverheadBytes)
  return offset + commandOverheadBytes + command.length
}

/**
 * How many entries a client's bytes hold; undefined where the lengths do not add up, or a client may not
 * write such entries.
 */
export const countClientEntries = (bytes: Uint8Array): number | undefined => {
  let offset = 0
  let count = 0
  while (offset + bodyAt <= bytes.length) {
    const kind = bytes[offset + kindAt]!
    if (kind === startedKind || kind >= kinds.length) return undefined
    offset += lengthPrefixBytes + readUint32(bytes, offset)
    count++
  }
  return offset === bytes.length ? count : undefined
}

/** Whether a client's bytes begin with a command. */
export const startsWithCommand = (bytes: Uint8Array): boolean => bytes[kindAt] === commandKind

/**
 * One entry being read; the reader fills the same object again for each, for there are hundreds of thousands
 * a second.
 */
export interface EntryView {
  kind: EntryKind | "unknown"
  client: ClientId
  session: SessionId
  number: RequestNumber
  received: number
  /** Of a started entry: how long sessions live without a sign, from here on. */
  sessionTtlMs: number
  command: Uint8Array
}

const nothing = new Uint8Array(0)

const emptyView = (): EntryView => ({
  kind: "unknown",
  client: "" as ClientId,
  session: SessionId(0),
  number: RequestNumber(0),
  received: 0,
  sessionTtlMs: 0,
  command: nothing
})

/**
 * Visits the entries of a run in order, with the place of each from 0. An entry that no version of this code
 * wrote is "unknown": it takes its slot and does nothing, on every replica alike.
 */
export const forEachEntry = (run: Run, visit: (entry: EntryView, index: number) => void): void => {
  const view = emptyView()
  const { bytes, count } = run
  let offset = 0
  for (let index = 0; index < count; index++) {
    const end = offset + lengthPrefixBytes + readUint32(bytes, offset)
    readEntry(bytes, offset, end, view)
    visit(view, index)
    offset = end
  }
}

const readEntry = (bytes: Uint8Array, offset: number, end: number, view: EntryView): void => {
  const size = end - offset
  const kind = size > kindAt ? bytes[offset + kindAt] : undefined
  view.kind = "unknown"
  if (kind === commandKind && size >= commandOverheadBytes) {
    view.kind = "command"
    view.session = readSession(bytes, offset + bodyAt)
    view.number = RequestNumber(readUint32(bytes, offset + bodyAt + sessionBytes))
    view.received = readUint32(bytes, offset + bodyAt + sessionBytes + 4)
    view.command = bytes.subarray(offset + commandOverheadBytes, end)
  } else if (kind === openKind) {
    view.kind = "open"
    view.client = new TextDecoder().decode(bytes.subarray(offset + bodyAt, end)) as ClientId
  } else if ((kind === keepAliveKind || kind === closeKind) && size === bodyAt + sessionBytes) {
    view.kind = kind === closeKind ? "close" : "keepAlive"
    view.session = readSession(bytes, offset + bodyAt)
  } else if (kind === startedKind && size === bodyAt + sessionBytes) {
    view.kind = "started"
    view.sessionTtlMs = readSession(bytes, offset + bodyAt)
  }
}
