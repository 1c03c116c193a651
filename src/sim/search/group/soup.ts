/** Of the messages on their way none stays that can make no difference any more. */
import { isOutside } from "../../../protocol/membership/outsider.ts"
import type { State } from "../model.ts"
import { isInSoup } from "../soup.ts"
import type { Envelope } from "./envelope.ts"
import { sorts } from "./envelope.ts"
import type { World } from "./world.ts"

/**
 * Takes out what can make no difference any more, now that one node has changed; -1 stands for the master,
 * and for a node that asked it. That a message makes none is what the cores answer when they are given it;
 * that it never will is argued here:
 * - a leader takes answers of its own ballot only, and never returns to a ballot. One that carries or serves
 *   and has no use for an answer never will have: what it knows of each acceptor only grows;
 * - an acceptor that has no use for a message has promised its ballot or a higher one, or is none of those it
 *   is for. Its answers are on their way, or cannot matter;
 * - the master takes only what is about its newest ballot.
 * - a node that has no use for a lesson knows as much as chosen, votes in its ballot, or has promised a later
 *   one; or it lacks what goes before.
 * Where there are leases, what an acceptor has no use for now may be of use when time has passed.
 * What a leader would answer only by stopping makes no difference: it can as well never hear of it.
 */
export const forget = (world: World, state: State, soup: number, changed: number): void => {
  const { words, size } = state
  let kept = soup
  for (let at = soup; at < size; at++) {
    const id = words[at]!
    const isAffected = changed < 0 || world.envelopeTo[id] === changed || world.envelopeFrom[id] === changed
    if (!isAffected || matters(world, state, soup, id)) words[kept++] = id
  }
  state.size = kept
}

const matters = (world: World, state: State, soup: number, id: number): boolean => {
  const { words } = state
  switch (world.envelopeSort[id]) {
    case sorts.toAcceptor:
      return mattersToAcceptor(world, state, soup, id)
    case sorts.toLeader:
      return mattersToLeader(world, words[world.envelopeTo[id]!]!, id)
    case sorts.request: {
      const master = words[world.scope.nodes]!
      const step = world.masterStep(master, id)
      if (step.master !== master) return true
      const asker = words[world.envelopeFrom[id]!]!
      return mattersAsReply(world, asker, step.reply) && !isInSoup(state, soup, step.reply)
    }
    case sorts.news:
      return world.factsOf(words[world.envelopeTo[id]!]!).ballot === world.envelopeBallot[id]
    case sorts.lesson:
      return mattersAsLesson(world, words[world.envelopeTo[id]!]!, id)
    default:
      return mattersAsReply(world, words[world.envelopeTo[id]!]!, id)
  }
}

const mattersToAcceptor = (world: World, state: State, soup: number, id: number): boolean => {
  const { words } = state
  const node = words[world.envelopeTo[id]!]!
  if (world.scope.leases !== undefined && mattersInTime(world, node, id)) return true
  const { node: after, sent, applied, told, broken } = world.deliver(node, id)
  if (after !== node || applied.length + told.length > 0 || broken !== undefined) return true
  for (const answer of sent) {
    if (!mattersToLeader(world, words[world.envelopeTo[answer]!]!, answer)) continue
    if (!isInSoup(state, soup, answer)) return true
  }
  return false
}

/**
 * A Prepare that has to wait, and a Release that comes before what it takes back. But no Accept that is of
 * no use now: to its leader it brings no more than a beat would, and if it is of an earlier tick nothing;
 * and the acceptor's promise it can only lengthen.
 */
const mattersInTime = (world: World, node: number, id: number): boolean => {
  const { promised, released } = world.factsOf(node)
  const ballot = world.envelopeBallot[id]!
  const { message } = world.envelopes.values[id] as Extract<Envelope, { readonly _tag: "Peer" }>
  if (message._tag === "Prepare") return promised < ballot
  return message._tag === "Release" && promised <= ballot && released < ballot
}

const mattersToLeader = (world: World, node: number, id: number): boolean => {
  const facts = world.factsOf(node)
  if (facts.ballot !== world.envelopeBallot[id]) return false
  if (facts.phase === "Awaiting" || facts.phase === "Preparing" || !world.deliver(node, id).isIdle)
    return true
  // It may be asked something before it comes.
  return facts.canRead && !world.deliver(world.stepBy(node, world.question).node, id).isIdle
}

const mattersAsLesson = (world: World, node: number, id: number): boolean => {
  const { learned } = world.envelopes.values[id] as Extract<Envelope, { readonly _tag: "Lesson" }>
  const { acceptor } = world.nodes.values[node]!
  const lacksMore = acceptor.chosen < learned.first - 1 && isOutside(acceptor, learned.active)
  return lacksMore || !world.deliver(node, id).isIdle
}

type Reply = Extract<Envelope, { readonly _tag: "Reply" }>

/** A leader that waits for its activation may need to know that somebody was retired meanwhile. */
const mattersAsReply = (world: World, node: number, id: number): boolean => {
  if (!world.deliver(node, id).isIdle) return true
  if (world.factsOf(node).phase !== "Awaiting") return false
  return (world.envelopes.values[id] as Reply).reply._tag === "Activated"
}
