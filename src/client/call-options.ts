/** What a caller may say about one call: how long to wait, how new an answer must be. */
import { Rejected } from "./errors.ts"

export interface CallOptions {
  /** How long to wait, in milliseconds. Default 30,000. What is no number is `Rejected`. */
  readonly timeoutMs?: number
}

/**
 * How new the state must be that answers a question.
 * - `linearizable`: as it is now. It knows every command that was acknowledged before the question was asked.
 * - `stale`: of whatever replica answers first, however far behind.
 * - `atLeast`: of whatever replica has applied this slot. The `slot` of a reply, or a `revision`, makes a
 *   client read its own writes, and the `slot` of an answer keeps it from going back.
 */
export type Consistency = "linearizable" | "stale" | { readonly atLeast: number }

export interface ReadOptions extends CallOptions {
  /** Default `linearizable`. What is none is `Rejected`. */
  readonly consistency?: Consistency
}

export const defaultTimeoutMs = 30_000

/**
 * Why a time cannot be waited for: with `NaN` it would never be over. One that is below 0 is over already.
 */
export const timeoutFault = (options: CallOptions | undefined): string | undefined => {
  const timeoutMs: unknown = options?.timeoutMs ?? defaultTimeoutMs
  if (typeof timeoutMs === "number" && !Number.isNaN(timeoutMs)) return undefined
  return `the option timeoutMs is ${String(timeoutMs)}; give a number of milliseconds`
}

/**
 * The time on the same clock at which the wait is over; `NaN` where it never would be. That is for the actor
 * to refuse (`timeless`): its callbacks run in its own turn only.
 */
export const deadlineAfter = (timeoutMs: number, nowMs: number): number =>
  typeof timeoutMs === "number" ? nowMs + timeoutMs : Number.NaN

export const timeless = (): Rejected =>
  new Rejected({ reason: "the option timeoutMs is no number; give a number of milliseconds" })

/** The slot that a replica must have applied to answer; undefined where only the leader will do. */
export const atLeastOf = (options: ReadOptions | undefined): number | undefined | Rejected => {
  const consistency: unknown = options?.consistency === undefined ? "linearizable" : options.consistency
  if (consistency === "linearizable") return undefined
  if (consistency === "stale") return 0
  if (typeof consistency !== "object" || consistency === null || !("atLeast" in consistency)) {
    const found = typeof consistency === "string" ? JSON.stringify(consistency) : String(consistency)
    const reason = `the option consistency is ${found}; give "linearizable", "stale" or { atLeast: slot }`
    return new Rejected({ reason })
  }
  const { atLeast } = consistency
  if (typeof atLeast === "number" && Number.isSafeInteger(atLeast) && atLeast >= 0) return atLeast
  const reason = `the option consistency has atLeast: ${String(atLeast)}, which is no slot`
  return new Rejected({ reason: `${reason}; give a slot or a revision that the group has told` })
}
