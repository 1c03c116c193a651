/**
 * Promises: no acceptor's promise ever falls, over crashes too, and no vote is above it (protocol, section 9,
 * point 4).
 */
import { Ballot } from "../ids.ts"
import type { Law } from "./cluster-view.ts"

/**
 * A replica with another disk is another acceptor. What is promised in memory alone may fall at a crash:
 * nobody was told.
 */
export const promises: Law = {
  name: "promises never fall",
  section: "9.4",
  watch: () => {
    const durable = new Map<string, Ballot>()
    return ({ nodes }) => {
      for (const { replica, promised, durablePromised, log } of nodes) {
        const name = `${replica.node}/${replica.storage}`
        const before = durable.get(name) ?? Ballot(0)
        if (durablePromised < before || promised < durablePromised)
          return `${replica.node} promised ballot ${before}, and now ${promised}, on disk ${durablePromised}`
        if ((log.ballotAt(log.last) ?? 0) > promised)
          return `${replica.node} voted in ballot ${log.ballotAt(log.last)} but promised only ${promised}`
        durable.set(name, durablePromised)
      }
      return undefined
    }
  }
}
