/**
 * Chosen means durable: each acceptor of the generation had the entry on its disk before the leader counted
 * it.
 */
import { law } from "./laws.ts"

export const chosenIsDurable = law("chosen is durable everywhere", "9.5", (facts, broken) => ({
  onChosen: (of, leader, from, through) => {
    for (const { node, storage } of leader.configuration.acceptors) {
      const acceptor = facts.replicas.get(`${node}/${storage}`)
      if (acceptor === undefined) return broken(`${of.node} counts votes of ${node}, which never came up`)
      acceptor.catchUp()
      const slot = acceptor.disk.entries.firstDifference(of.disk.entries, from, through)
      if (slot === undefined) continue
      const [held, counted] = [acceptor.disk.entries.show(slot), of.disk.entries.show(slot)]
      broken(`${of.node} counts slot ${slot} as chosen (${counted}); the disk of ${node} holds ${held} there`)
    }
  }
}))
