/**
 * The clock of the log: what time an entry is of. It follows the leader's wall clock, is never put back, and
 * never stands still (section 5, point 6).
 */
import { ClientId } from "../ids.ts"
import { startedEntry } from "../log/entry.ts"
import type { Pending } from "../replication/window.ts"
import type { LeaderSettings } from "./input.ts"
import type { Serving } from "./state.ts"

/** Steps of a clock that are not worth an entry. */
const stepMs = 100

/**
 * An entry of the leader itself: sessions are not to expire for time in which nobody could be heard. The
 * first one of its ballot, for the time without a leader.
 */
export const started = ({ sessionTtlMs }: LeaderSettings, nowMs: number): Pending => ({
  client: ClientId(""),
  submission: 0,
  bytes: startedEntry(sessionTtlMs),
  count: 1,
  cameAtMs: nowMs
})

/**
 * The same leader with the time that its next entries are of. A clock that was ahead has the wall clock catch
 * up: it goes at half its pace meanwhile, for what waits for a time is to see it come. Where it was put
 * ahead, time has gone by that nobody lived through.
 */
export const timed = (state: Serving, wallMs: number, nowMs: number): Serving => {
  const passedMs = nowMs - state.timedAtMs
  const atMs = Math.max(wallMs, state.atMs + Math.floor(passedMs / 2))
  const byMs = atMs - state.atMs
  if (byMs <= 0) return state
  const step = { ...state, atMs, timedAtMs: Math.min(nowMs, state.timedAtMs + 2 * byMs) }
  const isFirst = state.last === state.boundThrough
  if (isFirst || byMs <= passedMs + stepMs) return step
  const entry = started(state.settings, nowMs)
  return {
    ...step,
    pending: [entry, ...state.pending],
    pendingBytes: state.pendingBytes + entry.bytes.length
  }
}
