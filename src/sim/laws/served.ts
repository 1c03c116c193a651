/** Served: a client that can reach who leads does not wait for long, whoever it has asked before. */
import type { OpenCall } from "../oracle/callers.ts"
import { law } from "./laws.ts"

/**
 * A client gives up a leader that leaves its questions without an answer after twice the time in which it
 * asks again, four seconds at most here, and looks for another one for up to eight.
 */
export const servedWithinMs = 30_000

export const served = law("who reaches the leader is served", "5.1", (facts, broken) => {
  const began = new Map<OpenCall, number>()
  return {
    onTime: (nowMs) => {
      const { reach } = facts
      const { open } = facts.ledger.callers
      for (const call of began.keys()) if (!open.has(call)) began.delete(call)
      for (const call of open) {
        if (!began.has(call)) began.set(call, nowMs)
        const sinceMs = reach.sinceMs(call.caller)
        if (sinceMs === undefined) continue
        const waitsMs = nowMs - Math.max(sinceMs, began.get(call)!)
        if (waitsMs > servedWithinMs)
          broken(`${call.caller.name} reaches ${reach.leader!.node}, and has waited for ${waitsMs} ms`)
      }
    }
  }
})
