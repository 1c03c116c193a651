/**
 * What exploration goes on from in a cluster: shapes of the protocol's state, noted as they come up. Nothing
 * is demanded here.
 */
import type { LeaderState } from "../../protocol/leader/state.ts"
import { sometimesEach, watermark } from "../assert.ts"
import { type Facts, law } from "../laws/laws.ts"
import type { Simulation } from "../simulation.ts"

const phases = sometimesEach("phases of the leaders at one time")
const masters = sometimesEach("ballots issued and acceptors active")
const losses = sometimesEach("suffixes replaced, by phase of their node")
const ballots = watermark("ballots activated")
const rivals = watermark("leaders on their way at one time")

/** Few words for what everybody does: how many nodes are up, and in which phases. */
const shapeOf = (facts: Facts): string =>
  [...facts.running.values()]
    .map(({ parts }) => parts.leader()._tag)
    .sort()
    .join(" ")

const isOnItsWay = (state: LeaderState): boolean => state._tag !== "Deposed" && state._tag !== "Serving"

/** Watches like a law, and breaks no run. */
const protocolMarks = law("marks for exploration", "", (facts) => {
  let activated = 0
  const look = () => {
    phases.note(shapeOf(facts))
    rivals.note([...facts.running.values()].filter(({ parts }) => isOnItsWay(parts.leader())).length)
  }
  return {
    onUp: look,
    onLeader: look,
    onMaster: (_before, { active, latest, nextBallot }) => {
      const issued = latest === undefined ? 0 : nextBallot - (active?.ballot ?? 0)
      masters.note(`${Math.min(issued, 4)} ${active?.acceptors.length ?? 0} ${active?.generation ?? 0}`)
    },
    onActivated: () => ballots.note(++activated),
    onReplaced: ({ parts }) => losses.note(parts.leader()._tag)
  }
})

/** The same simulation, and the same runs: those of a cluster also note these marks. */
export const watchedForExploration = (simulation: Simulation): Simulation => {
  const { cluster, laws } = simulation.spec
  return cluster === undefined ? simulation : simulation.laws(...laws, protocolMarks)
}
