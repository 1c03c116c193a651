/** Same state: replicas that applied the same slots are equal (protocol, section 9, point 6). */
import type { Law, ValueHash } from "./cluster-view.ts"

/** Remembers the state after each slot at which some replica was seen. */
export const sameState: Law = {
  name: "same state",
  section: "9.6",
  watch: () => {
    const states = new Map<number, ValueHash>()
    return ({ nodes }) => {
      for (const { replica, applied, stateHash, log } of nodes) {
        if (applied > log.last) return `${replica.node} applied slot ${applied}, which its log does not hold`
        if (stateHash === undefined) continue
        const known = states.get(applied)
        if (known === undefined) states.set(applied, stateHash)
        else if (known !== stateHash)
          return `${replica.node} applied through slot ${applied} and differs from another replica there`
      }
      return undefined
    }
  }
}
