/**
 * One active configuration: activated ballots strictly grow, no ballot is issued twice, and one leader serves
 * each.
 */
import { law } from "./laws.ts"

export const oneActive = law("one active configuration", "9.3", (facts, broken) => {
  const serves = new Map<number, string>()
  let copy: { readonly isAgain: boolean } | undefined
  return {
    onBroughtBack: (isAgain) => {
      copy = { isAgain }
    },
    onMaster: (before, after) => {
      const from = copy
      copy = undefined
      if (before === undefined) return
      // The second of two beginnings with one copy hands out what the first has: who got that must not lead.
      if (after.nextBallot < before.nextBallot && from?.isAgain !== true)
        broken(`the next ballot fell from ${before.nextBallot} to ${after.nextBallot}`)
      const [old, now] = [before.active, after.active]
      if (old === undefined || (now === old && from === undefined)) return
      if (now === undefined) return broken("there was an active configuration, and now there is none")
      const isSame = now.ballot === old.ballot && now.generation === old.generation
      const isNext = now.ballot > old.ballot && now.generation === 0
      const isSmaller = now.ballot === old.ballot && now.generation === old.generation + 1
      const isOfCopy = now.ballot === old.ballot && now.generation > old.generation
      if (from === undefined ? isSame || isNext || isSmaller : isOfCopy || (from.isAgain && isSame)) return
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
