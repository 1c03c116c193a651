/** How the roles of a group reach each other, the other nodes and the clients. */
import type { Configuration } from "../../protocol/configuration.ts"
import type { GroupId, NodeId, Replica } from "../../protocol/ids.ts"
import type { LeaderInput } from "../../protocol/leader/input.ts"
import { isToAcceptor, type LocalQuery, type ToAcceptor } from "../../protocol/messages.ts"
import { buggify } from "../../runtime/buggify.ts"
import type { Packet } from "../../wire/packet.ts"
import { refuseQuery } from "../answers/replies.ts"
import type { Hands } from "../interpret.ts"
import { count, type NodeContext } from "../node/context.ts"

/**
 * The mailboxes of a group's roles. What a role of this node says goes ahead of what the bus brings, and is
 * never shed.
 */
export interface Mailboxes {
  acceptor: (from: Replica, message: ToAcceptor, local: boolean) => void
  leader: (input: LeaderInput, local: boolean) => boolean
  /** Questions for whatever state there is. */
  learner: (query: LocalQuery) => boolean
  /** Its leader wants this node to lead. */
  takeOver: (configuration: Configuration) => void
}

/**
 * Hands a packet to the role that it is for. A leader whose mailbox is full refuses, so that the client waits
 * and asks again.
 */
export const route = (
  { from, body }: Packet,
  group: GroupId,
  context: NodeContext,
  roles: Mailboxes
): void => {
  switch (body._tag) {
    case "Prepare":
    case "Accept":
    case "Release":
      return roles.acceptor(from, body, false)
    case "Prepared":
    case "Accepted":
    case "Gap":
    case "Nack":
      roles.leader({ _tag: "FromAcceptor", from, message: body }, false)
      return
    case "Rouse":
      roles.leader(body, false)
      return
    case "TakeOver":
      return roles.takeOver(body.configuration)
    case "MasterAnswer":
      roles.leader({ _tag: "FromMaster", reply: body.reply }, false)
      return
    case "Submit":
      if (buggify("a leader has no room for a submission") || !roles.leader(body, false)) {
        const refusal = { _tag: "Overloaded", retryAfterMs: 20 } as const
        context.toClient(body.client, group, { _tag: "SubmitRefused", submission: body.submission, refusal })
      }
      return
    case "Query":
      if (!roles.leader(body, false)) {
        refuseQuery(context, group, body, { _tag: "Overloaded", retryAfterMs: 20 })
      }
      return
    case "LocalQuery":
      if (!roles.learner(body)) refuseQuery(context, group, body, { _tag: "Overloaded", retryAfterMs: 20 })
      return
    default:
      count(context.counters, `not for a node: ${body._tag}`)
  }
}

type ToLearner = Parameters<Hands["apply" | "answer" | "foretell"]>[0]

/** The hands of the acceptor and the leader of a group; timers are each role's own. */
export const groupHands = (
  group: GroupId,
  context: NodeContext,
  roles: Mailboxes,
  learn: (message: ToLearner) => void,
  leaderHint: () => NodeId | undefined
): Omit<Hands, "setTimer" | "cancelTimer"> => {
  const { self } = context
  const send: Hands["send"] = (to, message) => {
    const others = to.filter((node) => node !== self.node)
    // One publish reaches everybody; the others first, so that they write while this node does.
    if (others.length > 1) context.toOthers(group, message)
    else if (others.length === 1) context.toNode(others[0]!, group, message)
    if (others.length === to.length) return
    if (isToAcceptor(message)) roles.acceptor(self, message, true)
    else roles.leader({ _tag: "FromAcceptor", from: self, message }, true)
  }
  const hinted = (refusal: Parameters<Hands["refuseSubmit"]>[0]["refusal"]) =>
    refusal._tag === "NotLeader"
      ? { ...refusal, leader: refusal.leader ?? otherThan(self.node, leaderHint()) }
      : refusal
  return {
    send,
    tellSuccessor: (to, message) => context.toNode(to, group, message),
    askMaster: (request) =>
      context.master.tell(group, request, (reply) => roles.leader({ _tag: "FromMaster", reply }, true)),
    refuseSubmit: ({ client, submission, refusal }) =>
      context.toClient(client, group, { _tag: "SubmitRefused", submission, refusal: hinted(refusal) }),
    unsettled: ({ client, submission }) =>
      context.toClient(client, group, { _tag: "SubmitUnsettled", submission }),
    refuseQuery: ({ client, question, refusal }) =>
      context.toClient(client, group, { _tag: "QueryRefused", question, refusal: hinted(refusal) }),
    apply: learn,
    answer: learn,
    foretell: learn,
    tellClient: ({ client, message }) => context.toClient(client, group, message),
    note: (note) => {
      if (note._tag === "Ignored") count(context.counters, note.reason)
    }
  }
}

const otherThan = (self: NodeId, leader: NodeId | undefined): NodeId | undefined =>
  leader === self ? undefined : leader
