/**
 * A client that lives and can reach its leader keeps its session: one that expires has been silent, for as
 * long as sessions live, because its client could not be heard.
 */
import type { ClientId, SessionId } from "../../protocol/ids.ts"
import { closeEntry } from "../../protocol/log/entry.ts"
import type { Caller } from "../oracle/callers.ts"
import { law, type WatchedGroup } from "./laws.ts"

/**
 * A client shows a sign of life every 20 seconds at most, by a clock that may be too slow by a sixth. One
 * may go to a node that leads no more, and is refused there; then the client looks for the leader, and gives
 * another one.
 */
export const heardWithinMs = 36_000

/**
 * The least that a session lives after a sign of life, wherever the clock of the log is put: it may run too
 * fast by a sixth, and the sign may have been on its way to the replicas for seconds.
 */
export const livesForMs = (ttlMs: number): number => 0.8 * ttlMs - 8_000

/** A session of a client that lives, as it was last seen. */
interface Known {
  readonly session: SessionId
  readonly seenMs: number
  /** When that was, by the clock that nobody sees. */
  readonly atMs: number
  /** The longest time without a break since then in which its client could reach the leader. */
  reachedForMs: number
}

export const sessionsKept = law("a live client keeps its session", "5.6", (facts, broken) => {
  const known = new Map<ClientId, Known>()

  const lookAtSession = (client: ClientId, { name }: Caller, { parts }: WatchedGroup, nowMs: number) => {
    const { atMs, sessions } = parts.replica
    const before = known.get(client)
    const session = sessions.byClient.get(client)
    const found = session === undefined ? undefined : sessions.byId.get(session)
    const isLost = before !== undefined && before.session !== session
    // The time of the log alone does not tell: its clock may have leapt just before the client closed it.
    if (isLost && atMs - before.seenMs > sessions.ttlMs && !facts.chosen.holds(closeEntry(before.session))) {
      const livedMs = nowMs - before.atMs
      const lost = `and lost session ${before.session}`
      if (livedMs < livesForMs(sessions.ttlMs)) broken(`${name} was heard ${livedMs} ms ago, ${lost}`)
      if (before.reachedForMs > heardWithinMs)
        broken(`${name} could reach its leader for ${before.reachedForMs} ms, ${lost}`)
    }
    // Before its first command it may not have heard that it has a session.
    const isUsed = found !== undefined && (found.received > 0 || found.replies.size > 0)
    if (!isUsed) known.delete(client)
    else if (before?.session !== session || before?.seenMs !== found.seenMs)
      known.set(client, { session: session!, seenMs: found.seenMs, atMs: nowMs, reachedForMs: 0 })
  }
  return {
    onTime: (nowMs) => {
      const { reach } = facts
      for (const [client, caller] of facts.ledger.callers.byClient) {
        if (caller.group !== facts.group) continue
        if (caller.state() === "dead") {
          known.delete(client)
          facts.ledger.callers.byClient.delete(client)
          continue
        }
        const of = known.get(client)
        const sinceMs = reach.sinceMs(caller)
        if (of !== undefined && sinceMs !== undefined)
          of.reachedForMs = Math.max(of.reachedForMs, nowMs - Math.max(sinceMs, of.atMs))
        if (reach.leader !== undefined) lookAtSession(client, caller, reach.leader, nowMs)
      }
    }
  }
})
