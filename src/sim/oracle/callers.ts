/** Clients as the laws see them, and their calls that have not ended. */
import type { ClientId } from "../../protocol/ids.ts"

/** The process of a client, in one of its lives. */
export interface Caller {
  readonly name: string
  /** The group that it asks. */
  readonly group: string
  /** `dead` also where it has come to its end, or was asked to stop. */
  readonly state: () => "running" | "frozen" | "dead"
  /** What its monotonic clock shows, in milliseconds. */
  readonly nowMs: () => number
  /** What that clock showed when the process last went on after it had stood still. */
  readonly thawedAtMs: () => number
}

/** A call that has not ended. */
export interface OpenCall {
  readonly caller: Caller
  readonly timeoutMs: number
  /** When its caller no longer waits, by the caller's monotonic clock. */
  readonly dueMs: number
}

/** The calls of all clients that have not ended, and the clients that may have sessions. */
export class Callers {
  readonly open = new Set<OpenCall>()
  /** By the name under which a client is known to its group. */
  readonly byClient = new Map<ClientId, Caller>()

  /** A call begins now; the function returned says that it has ended. */
  begin(caller: Caller, timeoutMs: number): () => void {
    const call = { caller, timeoutMs, dueMs: caller.nowMs() + timeoutMs }
    this.open.add(call)
    return () => void this.open.delete(call)
  }
}
