/**
 * One active configuration: activated ballots strictly grow, no ballot is issued twice, and one leader serves
 * each.
 */
import { law } from "../laws.ts"

export const oneActive = law("one active configuration", "9.3", (facts, broken) => {
  const serves = new Map<number, string>()
  return {
    onMaster: (before, after) => {
      if (before === undefined) return
      if (after.nextBallot < before.nextBallot)
        broken(`the next ballot fell from ${before.nextBallot} to ${after.nextBallot}`)
      const [old, now] = [before.active, after.active]
      if (old === undefined || now === old) return
      if (now === undefined) return broken("there was an active configuration, and now there is none")
      const isSame = now.ballot === old.ballot && now.generation === old.generation
      const isNext = now.ballot > old.ballot && now.generation === 0
      const isSmaller = now.ballot === old.ballot && now.generation === old.generation + 1
      if (isSame || isNext || isSmaller) return
      const show = `${now.ballot} (generation ${now.generation})`
      broken(`ballot ${show} became active after ${old.ballot} (generation ${old.generation})`)
    },
    onLeader: (of, _before, after) => {
      if (after._tag !== "Serving") return
      const { ballot, leader } = after.configuration
      const who = `${of.replica} in its life ${of.life}`
      const other = serves.get(ballot)
      if (other !== undefined && other !== who) broken(`${other} and ${who} both lead ballot ${ballot}`)
      serves.set(ballot, who)
      if (`${leader.node}/${leader.storage}` !== of.replica)
        broken(`${who} leads ballot ${ballot}, whose leader is ${leader.node}`)
      const active = facts.master?.active?.ballot ?? 0
      if (active < ballot) broken(`${who} leads ballot ${ballot}; the master has activated only ${active}`)
    }
  }
})
