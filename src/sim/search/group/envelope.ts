/** What is on its way between the nodes of a group and its master. */
import type { NodeId } from "../../../protocol/ids.ts"
import type { Learned } from "../../../protocol/membership/outsider.ts"
import {
  type Counted,
  type FromAcceptor,
  isToAcceptor,
  type MasterReply,
  type MasterRequest,
  type ToAcceptor
} from "../../../protocol/messages.ts"

/**
 * Nothing that is on its way ever has to arrive: that is loss, and it needs no action. It arrives in any
 * order.
 */
export type Envelope =
  | {
      readonly _tag: "Peer"
      readonly to: NodeId
      readonly from: NodeId
      readonly message: ToAcceptor | FromAcceptor
    }
  | {
      readonly _tag: "Lesson"
      readonly to: NodeId
      readonly from: NodeId
      readonly learned: Learned
    }
  /** A client brings the leader with its next command what it has counted. */
  | { readonly _tag: "News"; readonly to: NodeId; readonly counted: Counted }
  | { readonly _tag: "Request"; readonly from: NodeId; readonly request: MasterRequest }
  | { readonly _tag: "Reply"; readonly to: NodeId; readonly reply: MasterReply }

export type RequestEnvelope = Extract<Envelope, { readonly _tag: "Request" }>

/** What the pruning of messages tells apart. */
export const sorts = { toAcceptor: 0, toLeader: 1, request: 2, reply: 3, lesson: 4, news: 5 } as const

export const sortOf = (envelope: Envelope): number => {
  if (envelope._tag === "Request") return sorts.request
  if (envelope._tag === "Lesson") return sorts.lesson
  if (envelope._tag === "News") return sorts.news
  if (envelope._tag === "Reply") return sorts.reply
  return isToAcceptor(envelope.message) ? sorts.toAcceptor : sorts.toLeader
}

/** The ballot that a message is about; 0 where it is about none. */
export const ballotOf = (envelope: Envelope): number => {
  if (envelope._tag === "Peer") {
    const { message } = envelope
    return "configuration" in message ? message.configuration.ballot : message.ballot
  }
  if (envelope._tag === "News") return envelope.counted.ballot
  if (envelope._tag === "Lesson") return envelope.learned.active.ballot
  if (envelope._tag === "Request") return "ballot" in envelope.request ? envelope.request.ballot : 0
  return "configuration" in envelope.reply ? envelope.reply.configuration.ballot : 0
}

export const describeEnvelope = (envelope: Envelope): string => {
  if (envelope._tag === "Request") return `the master gets ${envelope.request._tag} of ${envelope.from}`
  if (envelope._tag === "Reply") return `${envelope.to} gets ${envelope.reply._tag} of the master`
  if (envelope._tag === "News") return `${envelope.to} hears what its client has counted`
  const { to, from } = envelope
  if (envelope._tag === "Lesson")
    return `${to} learns what is chosen in ballot ${ballotOf(envelope)} of ${from}`
  const { message } = envelope
  return `${to} gets ${message._tag} in ballot ${ballotOf(envelope)} of ${from}`
}
