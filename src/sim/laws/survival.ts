/**
 * Chosen values survive: a leader that begins to serve has them, and so has each acceptor of what becomes
 * active.
 */
import type { Configuration } from "../../protocol/configuration.ts"
import { law, type WatchedGroup } from "./laws.ts"

/**
 * Any one acceptor of the active configuration is a read quorum: none may lack a chosen entry on its disk,
 * ever.
 */
export const survival = law("chosen values survive", "9.2, 9.8", (facts, broken) => {
  let active: Configuration | undefined
  const isActive = (of: WatchedGroup) =>
    active?.acceptors.some(({ node, storage }) => of.replica === `${node}/${storage}`) === true
  const demand = (of: WatchedGroup, why: string) => {
    of.catchUp()
    const slot = of.disk.entries.firstDifference(facts.chosen, 1, facts.chosen.last)
    if (slot === undefined) return
    const [held, chosen] = [of.disk.entries.show(slot), facts.chosen.show(slot)]
    broken(`${of.node} ${why}, and its disk holds ${held} at slot ${slot}, where ${chosen} is chosen`)
  }
  return {
    onLeader: (of, _before, after) => {
      // A leader that hears late of its activation may be superseded by now: what was chosen since is not its
      // to have.
      if (after._tag !== "Serving" || active?.ballot !== after.configuration.ballot) return
      if (after.chosen < facts.chosen.last)
        broken(`${of.node} leads from slot ${after.chosen} on, but ${facts.chosen.last} slots are chosen`)
      demand(of, `leads ballot ${after.configuration.ballot}`)
    },
    onActivated: (configuration) => {
      // What its acceptors replaced while it was not active yet is no loss: read on before it counts as
      // active.
      for (const of of facts.replicas.values()) of.catchUp()
      active = configuration
      for (const { node, storage } of configuration.acceptors) {
        const of = facts.replicas.get(`${node}/${storage}`)
        if (of !== undefined) demand(of, `is an acceptor of ballot ${configuration.ballot}, now active`)
      }
    },
    onReplaced: (of, first) => {
      if (first <= facts.chosen.last && isActive(of))
        broken(`${of.node}, an acceptor of the active ballot, drops slot ${first}, which is chosen`)
    },
    atEnd: () => {
      for (const of of facts.replicas.values()) if (isActive(of)) demand(of, "is active at the end")
    }
  }
})
