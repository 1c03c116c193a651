/**
 * Log matching: ballots never fall along a log, and equal slot and ballot means equal value (protocol,
 * section 3).
 */
import { Slot } from "../ids.ts"
import type { Law, ValueHash } from "./cluster-view.ts"

/** Remembers the value of every slot and ballot that any log ever held. */
export const logMatching: Law = {
  name: "log matching",
  section: "3",
  watch: () => {
    const values = new Map<string, ValueHash>()
    const compared = new Map<string, number>()
    return ({ nodes }) => {
      for (const { replica, log, changedFrom } of nodes) {
        const from = Math.min((compared.get(replica.node) ?? 0) + 1, changedFrom)
        let below = from > 1 ? (log.ballotAt(Slot(from - 1)) ?? 0) : 0
        for (let slot = from; slot <= log.last; slot++) {
          const ballot = log.ballotAt(Slot(slot))
          const value = log.valueAt(Slot(slot))
          if (ballot === undefined || value === undefined)
            return `${replica.node} holds nothing at slot ${slot}`
          if (ballot < below) return `ballots fall in the log of ${replica.node} at slot ${slot}`
          const name = `${slot}/${ballot}`
          const known = values.get(name)
          if (known === undefined) values.set(name, value)
          else if (known !== value)
            return `ballot ${ballot} proposed both ${known} and ${value} for slot ${slot}`
          below = ballot
        }
        compared.set(replica.node, log.last)
      }
      return undefined
    }
  }
}
