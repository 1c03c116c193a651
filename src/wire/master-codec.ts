/** Requests to the master and its replies as positional arrays. */
import type { Configuration } from "../protocol/configuration.ts"
import { NodeId } from "../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import { Fields } from "./fields.ts"
import {
  configurationIn,
  configurationOut,
  originIn,
  originOut,
  replicaOut,
  replicasOut
} from "./protocol-codec.ts"

export const masterRequestOut = (request: MasterRequest): ReadonlyArray<unknown> => {
  const head = [request._tag, request.requestId]
  switch (request._tag) {
    case "Bootstrap":
      return [...head, replicaOut(request.leader), replicasOut(request.acceptors), request.minAcceptors]
    case "NewBallot":
      return [...head, replicaOut(request.leader), replicasOut(request.acceptors)]
    case "Complete":
      return [...head, request.ballot, originOut(request.prev)]
    case "Retire":
      return [...head, originOut(request.origin), replicaOut(request.acceptor)]
    case "Drain":
      return [...head, request.node, request.drained, request.drains]
    case "ReadMaster":
      return head
  }
}

/** A node of an older version tells of none. */
const drainsIn = (fields: Fields): number => (fields.left > 0 ? fields.count() : 0)

export const masterRequestIn = (fields: Fields): MasterRequest | undefined => {
  const _tag = fields.text()
  const requestId = fields.text()
  switch (_tag) {
    case "Bootstrap":
    case "NewBallot": {
      const leader = new Fields(fields.any()).replica()
      const named = { requestId, leader, acceptors: fields.list((item) => item.replica()) }
      return _tag === "Bootstrap" ? { _tag, ...named, minAcceptors: fields.count() } : { _tag, ...named }
    }
    case "Complete":
      return { _tag, requestId, ballot: fields.ballot(), prev: originIn(new Fields(fields.any())) }
    case "Retire": {
      const origin = originIn(new Fields(fields.any()))
      return { _tag, requestId, origin, acceptor: new Fields(fields.any()).replica() }
    }
    case "Drain":
      return {
        _tag,
        requestId,
        node: fields.node(),
        drained: fields.any() === true,
        drains: drainsIn(fields)
      }
    case "ReadMaster":
      return { _tag, requestId }
    default:
      return undefined
  }
}

const activeOut = (active: Configuration | undefined) =>
  active === undefined ? null : configurationOut(active)

export const masterReplyOut = (reply: MasterReply): ReadonlyArray<unknown> => {
  const head = [reply._tag, reply.requestId]
  switch (reply._tag) {
    case "Issued":
      return [...head, configurationOut(reply.configuration), configurationOut(reply.prev)]
    case "Activated":
      return [...head, configurationOut(reply.configuration)]
    case "Superseded":
      return [...head, activeOut(reply.active), reply.latest]
    case "MasterRead":
      return [...head, activeOut(reply.active), reply.latest, reply.minAcceptors, reply.drained, reply.drains]
    case "Refused":
      return [...head, reply.reason]
  }
}

export const masterReplyIn = (fields: Fields): MasterReply | undefined => {
  const _tag = fields.text()
  const requestId = fields.text()
  switch (_tag) {
    case "Issued": {
      const configuration = configurationIn(new Fields(fields.any()))
      return { _tag, requestId, configuration, prev: configurationIn(new Fields(fields.any())) }
    }
    case "Activated":
      return { _tag, requestId, configuration: configurationIn(new Fields(fields.any())) }
    case "Superseded":
      return { _tag, requestId, active: fields.optional(configurationIn), latest: fields.ballot() }
    case "MasterRead": {
      const standing = { active: fields.optional(configurationIn), latest: fields.ballot() }
      const minAcceptors = fields.count()
      const drained = fields.texts().map(NodeId)
      return { _tag, requestId, ...standing, minAcceptors, drained, drains: drainsIn(fields) }
    }
    case "Refused":
      return { _tag, requestId, reason: fields.text() }
    default:
      return undefined
  }
}
