/**
 * A call ends in time: with a result or an error, when the time that its caller gave it is over, by the clock
 * of the caller's machine.
 */
import { law } from "./laws.ts"

/** A client looks every 50 ms which of its calls have taken too long. */
export const slackMs = 200

export const callsEnd = law("a call ends in time", "5.5", ({ group, ledger: { callers } }, broken) => ({
  onTime: () => {
    for (const call of callers.open) {
      const { caller, timeoutMs, dueMs } = call
      if (caller.group !== group) continue
      const state = caller.state()
      if (state === "dead") callers.open.delete(call)
      if (state !== "running") continue
      const nowMs = caller.nowMs()
      // Whoever stood still hears late what came meanwhile, and that it is late.
      const lateMs = nowMs - Math.max(dueMs, caller.thawedAtMs())
      if (lateMs > slackMs)
        broken(`${caller.name} waits for a call of ${timeoutMs} ms, which should have ended ${lateMs} ms ago`)
    }
  }
}))
