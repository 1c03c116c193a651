/**
 * The states of the search: which actions each has, where they lead, and which messages can no longer matter.
 */
import { Ballot } from "../../protocol/ids.ts"
import { isToAcceptor as isForAcceptor, type MasterRequest } from "../../protocol/messages.ts"
import { modelSettings, type NodeInput } from "./node-model.ts"
import type { Envelope, Transition, World } from "./world.ts"

export interface ModelState {
  readonly nodes: ReadonlyArray<number>
  readonly master: number
  /** Sorted, each once. */
  readonly soup: ReadonlyArray<number>
  /** The values known as chosen by slot: somebody applied them. History, for the laws. */
  readonly chosen: ReadonlyArray<string | undefined>
  readonly retires: number
}

/** A law that an action breaks, or the state that it leads to. */
export type Next = { readonly state: ModelState } | { readonly broken: string }

export interface Action {
  readonly name: () => string
  readonly next: () => Next
}

const nameRestart = 0
const namePropose = 1
const nameStart = 2
const nameEnvelope = 100_000

/** Actions of a state, each with its name for the trace. */
export const actionsOf = (world: World, state: ModelState): Array<Action> => {
  const actions: Array<Action> = []
  const { scope } = world
  for (const id of state.soup) {
    const envelope = world.envelopes.values[id]!
    actions.push({ name: () => show(envelope), next: () => deliver(world, state, id, envelope) })
  }
  const master = world.masters.values[state.master]!
  for (const [index, nodeId] of state.nodes.entries()) {
    const { leader } = world.nodes.values[nodeId]!
    if (leader._tag === "Serving" && leader.last < scope.slotsMax) {
      actions.push({
        name: () => `${"ABCDE"[index]} proposes`,
        next: () => {
          const step = world.step(nodeId, namePropose, () => ({ _tag: "Propose" }))
          return arrive(world, state, index, step, state.soup)
        }
      })
    }
    if (master.nextBallot > scope.ballotsMax) continue
    for (const [setIndex, set] of scope.sets.entries()) {
      if (!set.includes(index)) continue
      actions.push({
        name: () => `${"ABCDE"[index]} starts a ballot of ${set.map((at) => "ABCDE"[at]).join("")}`,
        next: () => start(world, state, index, setIndex)
      })
    }
  }
  if (state.retires < scope.retiresMax) actions.push(...retirements(world, state))
  return actions
}

/**
 * A restart, a request for a ballot and its issue, in one: nothing between them could tell the difference.
 */
const start = (world: World, state: ModelState, index: number, setIndex: number): Next => {
  const acceptors = world.scope.sets[setIndex]!.map((at) => world.replicas[at]!)
  const master = world.masters.values[state.master]!
  const token = `t${master.nextBallot}`
  const restarted = world.step(state.nodes[index]!, nameRestart, () => ({ _tag: "Restart" }))
  const name = nameStart + master.nextBallot * 100 + setIndex
  const asked = world.step(restarted.node, name, () => ({
    _tag: "ToLeader",
    input: { _tag: "Start", token, acceptors, settings: modelSettings }
  }))
  const request = world.envelopes.values[asked.sent[0]!] as Extract<Envelope, { _tag: "Request" }>
  return atMaster(world, arrived(world, state, index, asked.node, [], state.soup), index, request.request)
}

const retirements = (world: World, state: ModelState): Array<Action> => {
  const { active } = world.masters.values[state.master]!
  if (active === undefined || active.acceptors.length < 2) return []
  const leader = world.indexOf(active.leader.node)
  return world
    .indexesOf(active)
    .filter((index) => index !== leader)
    .map((index) => {
      const origin = { ballot: active.ballot, generation: active.generation }
      const requestId = `retire${active.ballot}.${active.generation}`
      const request = { _tag: "Retire", requestId, origin, acceptor: world.replicas[index]! } as const
      return {
        name: () => `the master retires ${"ABCDE"[index]}`,
        next: () => atMaster(world, { ...state, retires: state.retires + 1 }, leader, request)
      }
    })
}

const atMaster = (world: World, state: ModelState, from: number, request: MasterRequest): Next => {
  const { master, reply } = world.masterStep(state.master, from, request)
  return lawful(world, pruned(world, { ...state, master, soup: withAll(state.soup, [reply]) }))
}

const deliver = (world: World, state: ModelState, id: number, envelope: Envelope): Next => {
  const rest = state.soup.filter((other) => other !== id)
  const again =
    world.scope.duplicates && envelope._tag === "Peer" && !envelope.again && isToAcceptor(envelope)
  const soup = again ? withAll(rest, [world.duplicateOf(id, envelope)]) : rest
  if (envelope._tag === "Request") return atMaster(world, { ...state, soup }, envelope.from, envelope.request)
  const step = world.step(state.nodes[envelope.to]!, nameEnvelope + id, () => inputOf(world, envelope))
  return arrive(world, state, envelope.to, step, soup)
}

const isToAcceptor = (envelope: Extract<Envelope, { _tag: "Peer" }>): boolean =>
  isForAcceptor(envelope.message)

const inputOf = (world: World, envelope: Exclude<Envelope, { _tag: "Request" }>): NodeInput => {
  if (envelope._tag === "Reply")
    return { _tag: "ToLeader", input: { _tag: "FromMaster", reply: envelope.reply } }
  const { message } = envelope
  const from = world.replicas[envelope.from]!
  return isForAcceptor(message)
    ? { _tag: "ToAcceptor", from, message }
    : { _tag: "ToLeader", input: { _tag: "FromAcceptor", from, message } }
}

const arrived = (
  world: World,
  state: ModelState,
  index: number,
  node: number,
  sent: ReadonlyArray<number>,
  soup: ReadonlyArray<number>
): ModelState => {
  const nodes = state.nodes.map((old, at) => (at === index ? node : old))
  return pruned(world, { ...state, nodes, soup: withAll(soup, sent) })
}

const arrive = (
  world: World,
  before: ModelState,
  index: number,
  step: Transition,
  soup: ReadonlyArray<number>
): Next => {
  const beforeNode = world.nodes.values[before.nodes[index]!]!
  const after = arrived(world, before, index, step.node, step.sent, soup)
  if (world.nodes.values[step.node]!.acceptor.promised < beforeNode.acceptor.promised)
    return { broken: "promises never fall: a promise fell" }
  let chosen: Array<string | undefined> | undefined
  for (const { slot, value, answered } of step.applied) {
    const known = (chosen ?? after.chosen)[slot]
    if (known !== undefined && known !== value)
      return { broken: `agreement: slot ${slot} is chosen as ${known} and as ${value}` }
    if (known !== undefined) continue
    chosen ??= [...after.chosen]
    chosen[slot] = value
    const holds = (at: number) => world.valuesOf(after.nodes[at]!)[slot] === value
    const { leader } = world.nodes.values[step.node]!
    if (answered && "configuration" in leader && !world.indexesOf(leader.configuration).every(holds))
      return { broken: `chosen is synced: slot ${slot} is counted as chosen before every acceptor holds it` }
  }
  return lawful(world, chosen === undefined ? after : { ...after, chosen })
}

/**
 * Survival: every acceptor of the active configuration holds what is chosen, for each of them is a read
 * quorum.
 */
const lawful = (world: World, state: ModelState): Next => {
  const { active } = world.masters.values[state.master]!
  if (active === undefined) return { state }
  for (const index of world.indexesOf(active)) {
    const values = world.valuesOf(state.nodes[index]!)
    for (let slot = 1; slot <= world.scope.slotsMax; slot++) {
      const value = state.chosen[slot]
      if (value !== undefined && values[slot] !== value)
        return {
          broken: `survival: ${"ABCDE"[index]} of ballot ${active.ballot} lost what is chosen at slot ${slot}`
        }
    }
  }
  return { state }
}

const withAll = (soup: ReadonlyArray<number>, more: ReadonlyArray<number>): ReadonlyArray<number> => {
  const added = more.filter((id) => !soup.includes(id))
  return added.length === 0 ? soup : [...soup, ...added].sort((a, b) => a - b)
}

/**
 * Forgets the messages that nobody will ever act on: leaders do not return to a ballot, promises do not fall.
 */
const pruned = (world: World, state: ModelState): ModelState => {
  const soup = state.soup.filter((id) => matters(world, state, world.envelopes.values[id]!))
  return soup.length === state.soup.length ? state : { ...state, soup }
}

const matters = (world: World, state: ModelState, envelope: Envelope): boolean => {
  if (envelope._tag === "Peer") {
    const { message } = envelope
    if (message._tag !== "Prepare" && message._tag !== "Accept")
      return world.ballotOf(state.nodes[envelope.to]!) === message.ballot
    const { ballot } = message.configuration
    const { promised } = world.nodes.values[state.nodes[envelope.to]!]!.acceptor
    return ballot >= promised || world.ballotOf(state.nodes[envelope.from]!) === ballot
  }
  const index = envelope._tag === "Reply" ? envelope.to : envelope.from
  const { leader } = world.nodes.values[state.nodes[index]!]!
  if (envelope._tag === "Request") {
    const { request } = envelope
    if (request._tag !== "Complete") return false
    const { latest } = world.masters.values[state.master]!
    return (
      latest?.configuration.ballot === request.ballot ||
      world.ballotOf(state.nodes[index]!) === request.ballot
    )
  }
  const { reply } = envelope
  if (leader._tag === "Serving") {
    if (reply._tag !== "Activated" || reply.configuration.ballot !== leader.configuration.ballot) return false
    return reply.configuration.generation > leader.configuration.generation
  }
  const waitsFor = leader._tag === "Asking" || leader._tag === "Awaiting" ? leader.request.requestId : ""
  return reply.requestId === waitsFor || (reply._tag === "Activated" && leader._tag === "Awaiting")
}

const show = (envelope: Envelope): string => {
  if (envelope._tag === "Request")
    return `the master gets ${envelope.request._tag} of ${"ABCDE"[envelope.from]}`
  if (envelope._tag === "Reply") return `${"ABCDE"[envelope.to]} gets ${envelope.reply._tag} of the master`
  const { message } = envelope
  const ballot = Ballot("configuration" in message ? message.configuration.ballot : message.ballot)
  return `${"ABCDE"[envelope.to]} gets ${message._tag} in ballot ${ballot} of ${"ABCDE"[envelope.from]}`
}
