/**
 * Silence: a leader beats no more only when every acceptor of its configuration has known, in some life of
 * its process, all that the leader has counted as chosen, and which generation it is.
 */
import { type Configuration, isNewer, newerOf } from "../../protocol/configuration.ts"
import { sometimes } from "../assert.ts"
import { law, type WatchedGroup } from "./laws.ts"

const fell = sometimes("silence: a leader of several acceptors fell silent")
const spoke = sometimes("silence: a silent leader spoke again")
const followed = sometimes("silence: another ballot became active while a leader was silent")

const shown = (of: Configuration | undefined): string =>
  of === undefined ? "none" : `generation ${of.generation} of ballot ${of.ballot}`

export const silence = law("silence is known", "4.11", (facts, broken) => {
  /** What each replica was seen to know as chosen. */
  const known = new Map<string, number>()
  /** And the newest configuration that it was told of. */
  const told = new Map<string, Configuration>()
  const silent = new Set<WatchedGroup>()
  const note = (of: WatchedGroup) => {
    const { chosen, configuration } = of.parts.acceptor()
    known.set(of.replica, Math.max(known.get(of.replica) ?? 0, chosen))
    const newest = newerOf(configuration, told.get(of.replica))
    if (newest !== undefined) told.set(of.replica, newest)
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
        const fallsSilent = `${of.node} fell silent at`
        if (chosen < leader.chosen)
          broken(`${fallsSilent} slot ${leader.chosen}, and ${node} has known ${chosen} as chosen`)
        const heard = told.get(`${node}/${storage}`)
        if (heard === undefined || isNewer(leader.configuration, heard))
          broken(`${fallsSilent} ${shown(leader.configuration)}, and ${node} has heard of ${shown(heard)}`)
      }
    }
  }
})
