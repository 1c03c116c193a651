/** Requests to the master and its replies as positional arrays. */
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
    case "NewBallot":
      return [...head, replicaOut(request.leader), replicasOut(request.acceptors)]
    case "Complete":
      return [...head, request.ballot, originOut(request.prev)]
    case "Retire":
      return [...head, originOut(request.origin), replicaOut(request.acceptor)]
    case "ReadMaster":
      return head
  }
}

export const masterRequestIn = (fields: Fields): MasterRequest | undefined => {
  const _tag = fields.text()
  const requestId = fields.text()
  switch (_tag) {
    case "Bootstrap":
    case "NewBallot": {
      const leader = new Fields(fields.any()).replica()
      return { _tag, requestId, leader, acceptors: fields.list((item) => item.replica()) }
    }
    case "Complete":
      return { _tag, requestId, ballot: fields.ballot(), prev: originIn(new Fields(fields.any())) }
    case "Retire": {
      const origin = originIn(new Fields(fields.any()))
      return { _tag, requestId, origin, acceptor: new Fields(fields.any()).replica() }
    }
    case "ReadMaster":
      return { _tag, requestId }
    default:
      return undefined
  }
}

export const masterReplyOut = (reply: MasterReply): ReadonlyArray<unknown> => {
  const head = [reply._tag, reply.requestId]
  switch (reply._tag) {
    case "Issued":
      return [...head, configurationOut(reply.configuration), configurationOut(reply.prev)]
    case "Activated":
      return [...head, configurationOut(reply.configuration)]
    case "Superseded":
    case "MasterRead":
      return [...head, reply.active === undefined ? null : configurationOut(reply.active), reply.latest]
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
    case "MasterRead":
      return { _tag, requestId, active: fields.optional(configurationIn), latest: fields.ballot() }
    case "Refused":
      return { _tag, requestId, reason: fields.text() }
    default:
      return undefined
  }
}
