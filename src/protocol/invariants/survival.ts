/**
 * Survival: each acceptor of the active configuration has synced all that is chosen (protocol, section 9,
 * points 2, 5 and 8).
 */
import { isAcceptorOf } from "../configuration.ts"
import { Slot } from "../ids.ts"
import type { Law, NodeView, ValueHash } from "./cluster-view.ts"

/**
 * Any one acceptor of the active configuration is a read quorum, so each must hold every chosen value on its
 * disk. What a leader counts as chosen is looked up in its log at the moment when it first counts it.
 */
export const survival: Law = {
  name: "survival",
  section: "9.2, 9.5, 9.8",
  watch: () => {
    const chosen: Array<ValueHash | undefined> = []
    const compared = new Map<string, { readonly through: number; readonly storage: string }>()
    const missing = (node: NodeView): string | undefined => {
      const { node: name, storage } = node.replica
      const before = compared.get(name)
      const known = before !== undefined && before.storage === storage ? before.through : 0
      for (let slot = Math.min(known + 1, node.changedFrom); slot < chosen.length; slot++) {
        const value = chosen[slot]
        if (value !== undefined && node.synced.valueAt(Slot(slot)) !== value)
          return `slot ${slot} is chosen as ${value}, but ${name}, an active acceptor, has not synced it`
      }
      compared.set(name, { through: chosen.length - 1, storage })
      return undefined
    }
    return ({ nodes, activated }) => {
      for (const { leader, log } of nodes) {
        const through = leader?.chosen ?? 0
        for (let slot = through; slot > 0 && chosen[slot] === undefined; slot--)
          chosen[slot] = log.valueAt(Slot(slot))
      }
      const active = activated[activated.length - 1]
      if (active === undefined) return undefined
      for (const node of nodes) {
        const broken = isAcceptorOf(active, node.replica) ? missing(node) : undefined
        if (broken !== undefined) return broken
      }
      return undefined
    }
  }
}
