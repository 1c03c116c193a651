/** Agreement: no slot has two chosen values, over all ballots and all time (protocol, section 9, point 1). */
import { Slot, slotMax, slotMin } from "../ids.ts"
import type { Law, ValueHash } from "./cluster-view.ts"

/**
 * Remembers the value of every slot that any node ever knew as chosen, and how far each node was compared
 * with it.
 */
export const agreement: Law = {
  name: "agreement",
  section: "9.1",
  watch: () => {
    const chosen: Array<ValueHash | undefined> = []
    const compared = new Map<string, number>()
    return ({ nodes }) => {
      for (const node of nodes) {
        const { leader, log } = node
        const through = slotMin(slotMax(node.chosen, leader?.chosen ?? Slot(0)), log.last)
        const from = Math.min((compared.get(node.replica.node) ?? 0) + 1, node.changedFrom)
        for (let slot = from; slot <= through; slot++) {
          const value = log.valueAt(Slot(slot))
          const known = (chosen[slot] ??= value)
          if (known !== value)
            return `slot ${slot} is chosen as ${known}, but ${node.replica.node} knows ${value} as chosen`
        }
        compared.set(node.replica.node, through)
      }
      return undefined
    }
  }
}
