/**
 * Sessions: the replicated table that makes every command take effect once, however often it is sent
 * (protocol, section 5).
 */
import { type ClientId, type RequestNumber, SessionId, type Slot } from "../ids.ts"
import type { Outcome } from "../messages.ts"
import { NumberTable } from "./number-table.ts"

/** What is kept of a command until the client has its reply. */
export interface RecordedReply {
  readonly slot: Slot
  readonly outcome: Outcome
  readonly reply: unknown
}

interface Session {
  readonly client: ClientId
  /** Replicated time of its last sign of life. */
  seenMs: number
  /** The client has the replies through this number; they are forgotten. */
  received: number
  readonly replies: NumberTable<RecordedReply>
}

/**
 * The sessions of one replica's state. It is changed in place, by the functions of this file alone: they are
 * called in log order, with log time, so that all replicas hold the same.
 */
export interface Sessions {
  ttlMs: number
  readonly byId: Map<SessionId, Session>
  readonly byClient: Map<ClientId, SessionId>
  sweptMs: number
}

/** A session holds at most this many replies that the client has not confirmed. */
export const sessionWindowMax = 16_384

/** Without a sign of life for this long, in replicated time, a session is forgotten. */
const defaultSessionTtlMs = 60_000

export const noSessions = (ttlMs: number = defaultSessionTtlMs): Sessions => ({
  ttlMs,
  byId: new Map(),
  byClient: new Map(),
  sweptMs: 0
})

/**
 * Opens a session named by the entry's slot; a client that asks again, for its first answer was lost, gets
 * the same one.
 */
export const openSession = (sessions: Sessions, client: ClientId, slot: Slot, atMs: number): SessionId => {
  const known = sessions.byClient.get(client)
  if (known !== undefined && touchSession(sessions, known, atMs)) return known
  const id = SessionId(slot)
  sessions.byId.set(id, { client, seenMs: atMs, received: 0, replies: new NumberTable() })
  sessions.byClient.set(client, id)
  return id
}

export const closeSession = (sessions: Sessions, id: SessionId): void => {
  const session = sessions.byId.get(id)
  if (session === undefined) return
  sessions.byId.delete(id)
  if (sessions.byClient.get(session.client) === id) sessions.byClient.delete(session.client)
}

/** Nothing was heard of it for too long, by the time of the log. */
const isExpired = ({ ttlMs }: Sessions, session: Session, atMs: number): boolean =>
  atMs - session.seenMs > ttlMs

/** A sign of life; false where the session has expired or never was. */
export const touchSession = (sessions: Sessions, id: SessionId, atMs: number): boolean => {
  const session = sessions.byId.get(id)
  if (session === undefined) return false
  if (isExpired(sessions, session, atMs)) {
    closeSession(sessions, id)
    return false
  }
  session.seenMs = atMs
  return true
}

/**
 * What to do with a command: run it, repeat the recorded reply, or nothing, since the client already has its
 * reply.
 */
export type Admission = "run" | "window-exceeded" | "already-received" | RecordedReply

/** For a session that `touchSession` found alive. `received` forgets the replies that the client has. */
export const admitCommand = (
  sessions: Sessions,
  id: SessionId,
  number: RequestNumber,
  received: number
): Admission => {
  const session = sessions.byId.get(id)!
  forgetReplies(session, received)
  if (number <= session.received) return "already-received"
  const recorded = session.replies.get(number)
  if (recorded !== undefined) return recorded
  return session.replies.size >= sessionWindowMax ? "window-exceeded" : "run"
}

/** Whether a command would be run now, as `touchSession` and `admitCommand` would say; changes nothing. */
export const wouldRun = (
  sessions: Sessions,
  id: SessionId,
  number: RequestNumber,
  received: number,
  atMs: number
): boolean => {
  const session = sessions.byId.get(id)
  if (session === undefined || isExpired(sessions, session, atMs)) return false
  if (number <= Math.max(session.received, received) || session.replies.has(number)) return false
  return session.replies.size < sessionWindowMax
}

/** The client has the replies to all numbers up to this one, as far as it has said so. */
export const receivedThrough = (sessions: Sessions, id: SessionId): number =>
  sessions.byId.get(id)?.received ?? Number.POSITIVE_INFINITY

const forgetReplies = (session: Session, received: number): void => {
  if (received <= session.received) return
  if (session.replies.size > 0) {
    const { replies } = session
    if (received - session.received > replies.size) {
      for (const number of replies.numbers()) if (number <= received) replies.delete(number)
    } else {
      for (let number = session.received + 1; number <= received; number++) replies.delete(number)
    }
  }
  session.received = received
}

export const recordReply = (
  sessions: Sessions,
  id: SessionId,
  number: RequestNumber,
  reply: RecordedReply
): void => {
  sessions.byId.get(id)!.replies.set(number, reply)
}

/** Gives every session the time back in which there was no leader: nobody could have shown a sign of life. */
export const extendSessions = (sessions: Sessions, byMs: number): void => {
  for (const session of sessions.byId.values()) session.seenMs += byMs
}

/** Forgets expired sessions, now and then; `touchSession` refuses them in any case. */
export const sweepSessions = (sessions: Sessions, atMs: number): void => {
  if (atMs - sessions.sweptMs < sessions.ttlMs) return
  sessions.sweptMs = atMs
  for (const [id, session] of sessions.byId) {
    if (isExpired(sessions, session, atMs)) closeSession(sessions, id)
  }
}

/** A session as it is at one instant, and stays whatever becomes of it. */
export interface FrozenSession {
  readonly id: SessionId
  readonly client: ClientId
  readonly seenMs: number
  readonly received: number
  readonly replies: ReadonlyArray<readonly [number, RecordedReply]>
}

/** All sessions as they are now. */
export const freezeSessions = (sessions: Sessions): ReadonlyArray<FrozenSession> =>
  Array.from(sessions.byId, ([id, { client, seenMs, received, replies }]) => ({
    id,
    client,
    seenMs,
    received,
    replies: replies.entries()
  }))

/** Adds a session that was frozen. */
export const restoreSession = (sessions: Sessions, frozen: FrozenSession): void => {
  const { id, client, seenMs, received, replies } = frozen
  sessions.byId.set(id, { client, seenMs, received, replies: new NumberTable(replies) })
  sessions.byClient.set(client, id)
}
