/**
 * Silence: a leader beats no more only when every acceptor of its configuration has known, in some life of
 * its process, all that the leader has counted as chosen.
 */
import { sometimes } from "../assert.ts"
import { law, type WatchedGroup } from "../laws.ts"

const fell = sometimes("silence: a leader of several acceptors fell silent")
const spoke = sometimes("silence: a silent leader spoke again")
const followed = sometimes("silence: another ballot became active while a leader was silent")

export const silence = law("silence is known", "4.11", (facts, broken) => {
  /** What each replica was seen to know as chosen. */
  const known = new Map<string, number>()
  const silent = new Set<WatchedGroup>()
  const note = (of: WatchedGroup) => {
    known.set(of.replica, Math.max(known.get(of.replica) ?? 0, of.parts.acceptor().chosen))
  }
  return {
    onUp: note,
    onAcceptor: note,
    onActivated: ({ ballot }) => {
      for (const of of silent) {
        const leader = of.parts.leader()
        const isFollowed = leader._tag === "Serving" && leader.configuration.ballot < ballot
        followed.check(isFollowed && facts.running.get(of.node) === of)
      }
    },
    onServing: (of) => {
      const leader = of.parts.leader()
      if (leader._tag !== "Serving") return
      if (!leader.isSilent) return spoke.check(silent.delete(of))
      if (silent.has(of)) return
      silent.add(of)
      const { acceptors } = leader.configuration
      fell.check(acceptors.length > 1)
      for (const { node, storage } of acceptors) {
        const chosen = known.get(`${node}/${storage}`) ?? 0
        if (chosen >= leader.chosen) continue
        broken(`${of.node} fell silent at slot ${leader.chosen}, and ${node} has known ${chosen} as chosen`)
      }
    }
  }
})
