/** What operators ask a leader for, and how it comes about: step by step, each ask moves it on or waits. */
import type { Configuration } from "../configuration.ts"
import { type NodeId, type Replica, sameReplica } from "../ids.ts"
import { isHandingOver, type LeaderState, type Serving } from "../leader/state.ts"
import type { OperatorAnswer, OperatorRequest } from "../messages.ts"
import { type MembershipAction, type MembershipState, steadyReplica } from "./membership.ts"

export interface OperatorStep {
  readonly answer: OperatorAnswer
  readonly action: MembershipAction
}

/** What an operator's request comes to now. Asked again, it goes on from there, whoever leads by then. */
export const operate = (
  state: MembershipState,
  leader: LeaderState,
  request: OperatorRequest,
  misses: (replica: Replica) => boolean,
  nowMs: number
): OperatorStep => {
  if (leader._tag === "Deposed") return say({ _tag: "NotLeader", leader: undefined })
  if (leader._tag !== "Serving") return wait("a ballot is on its way")
  if (leader.next !== undefined || isHandingOver(leader)) return wait("another change is under way")
  switch (request._tag) {
    case "Transfer":
      return transfer(state, leader, request.to, misses)
    case "Drain":
      return drain(state, leader, request.node)
    case "Undrain":
      return undrain(state, request.node)
    case "Replace":
      return replace(state, leader, request, misses, nowMs)
  }
}

const nothing: MembershipAction = { _tag: "Nothing" }
const say = (answer: OperatorAnswer): OperatorStep => ({ answer, action: nothing })
const refuse = (reason: string): OperatorStep => say({ _tag: "Refused", reason })
const wait = (reason: string, action: MembershipAction = nothing): OperatorStep => ({
  answer: { _tag: "Waiting", reason },
  action
})
const done = ({ configuration }: Serving): OperatorStep => say({ _tag: "Done", configuration })

const acceptorAt = ({ acceptors }: Configuration, node: NodeId): Replica | undefined =>
  acceptors.find((one) => one.node === node)

const transfer = (
  { standing }: MembershipState,
  leader: Serving,
  to: NodeId,
  misses: (replica: Replica) => boolean
): OperatorStep => {
  if (to === leader.self.node) return done(leader)
  const successor = acceptorAt(leader.configuration, to)
  if (successor === undefined)
    return refuse(`${to} is no acceptor of the group, and only an acceptor can lead`)
  if (misses(successor)) return refuse(`${to} is not heard of: a leader must be there`)
  if (standing?.drained.includes(to) === true) return refuse(`${to} is drained: undrain it first`)
  return wait(`${to} is to take the lead`, { _tag: "HandOver", to: successor })
}

/** Who is drained is left out by the leader's own look, which hands over where it is the leader itself. */
const drain = ({ standing, settings }: MembershipState, leader: Serving, node: NodeId): OperatorStep => {
  if (standing === undefined) return wait("the master is asked", { _tag: "ReadMaster" })
  if (!standing.drained.includes(node)) {
    return wait("the master is told", { _tag: "Drain", node, drained: true, drains: standing.drains })
  }
  const { acceptors } = leader.configuration
  if (acceptorAt(leader.configuration, node) === undefined) return done(leader)
  if (acceptors.length <= Math.max(settings.minAcceptors, standing.minAcceptors, 1))
    return wait(`${node} is one of the last acceptors, and no spare has caught up`)
  return wait(node === leader.self.node ? `${node} is to hand over the lead` : `${node} is to be taken out`)
}

const undrain = ({ standing }: MembershipState, node: NodeId): OperatorStep => {
  if (standing === undefined) return wait("the master is asked", { _tag: "ReadMaster" })
  return standing.drained.includes(node)
    ? wait("the master is told", { _tag: "Drain", node, drained: false, drains: standing.drains })
    : say({ _tag: "Done", configuration: undefined })
}

const replace = (
  state: MembershipState,
  leader: Serving,
  { node, by }: Extract<OperatorRequest, { readonly _tag: "Replace" }>,
  misses: (replica: Replica) => boolean,
  nowMs: number
): OperatorStep => {
  const { configuration, self } = leader
  const { settings, standing } = state
  if (node === by) return refuse("a node cannot replace itself")
  if (!settings.joins.includes(by)) return refuse(`${by} is neither an acceptor nor a spare of the group`)
  if (standing?.drained.includes(by) === true) return refuse(`${by} is drained: undrain it first`)
  const old = acceptorAt(configuration, node)
  const present = acceptorAt(configuration, by)
  if (old === undefined && present !== undefined) return done(leader)
  // It may have been taken out a moment ago: then its place is free.
  if (old === undefined && configuration.acceptors.length >= settings.size)
    return refuse(`${node} is no acceptor of the group`)
  if (old !== undefined && (present !== undefined || sameReplica(old, self))) {
    if (standing === undefined) return wait("the master is asked", { _tag: "ReadMaster" })
    const futile = replacesInVain(configuration, settings.size, standing.drained, old, by)
    if (futile !== undefined) return refuse(futile)
  }
  const others = configuration.acceptors.filter((one) => one === old || !misses(one))
  const withoutOld = others.filter((one) => one !== old)
  if (present === undefined) {
    const newcomer = steadyReplica(state, by, nowMs, true)
    if (newcomer === undefined) return wait(`${by} has not caught up`)
    const kept = old !== undefined && sameReplica(old, self) ? others : withoutOld
    return wait(`${by} is taken in`, { _tag: "Reconfigure", acceptors: [...kept, newcomer] })
  }
  if (old !== undefined && sameReplica(old, self))
    return wait(`${by} is to take the lead`, { _tag: "HandOver", to: present })
  if (withoutOld.length < settings.minAcceptors)
    return refuse(`the group keeps at least ${settings.minAcceptors} acceptors`)
  return wait(`${node} is taken out`, { _tag: "Reconfigure", acceptors: withoutOld })
}

/**
 * Why both would vote in the end: the new one already does, or will before the other one goes, without one
 * acceptor too many. The one that went would be taken in again at once, for its place would be free.
 */
const replacesInVain = (
  { acceptors }: Configuration,
  size: number,
  drained: ReadonlyArray<NodeId>,
  { node }: Replica,
  by: NodeId
): string | undefined => {
  if (drained.includes(node)) return undefined
  const votes = acceptors.some((one) => one.node === by)
  if (acceptors.length + (votes ? 0 : 1) > size) return undefined
  return votes
    ? `${by} already is an acceptor beside ${node}: to take ${node} out, drain it`
    : `the group has too few acceptors and takes ${by} in without this: to take ${node} out, drain it`
}
