/** What operators ask for, and what a node answers, as positional arrays. */
import type { OperatorAnswer, OperatorRequest } from "../protocol/messages.ts"
import type { Fields } from "./fields.ts"
import { configurationIn, configurationOut } from "./protocol-codec.ts"

export interface OperatorAsk {
  readonly _tag: "OperatorAsk"
  readonly request: OperatorRequest
  /** What the node gave for it with `AskAgain`; empty at first. */
  readonly pass: string
}

/** Nothing was done: the node makes sure that it is asked now, and not by a copy of an old packet. */
export interface AskAgain {
  readonly _tag: "AskAgain"
  readonly pass: string
}

export interface OperatorReply {
  readonly _tag: "OperatorReply"
  readonly answer: OperatorAnswer | AskAgain
}

export const operatorKinds = { OperatorAsk: 40, OperatorReply: 41 } as const

export const operatorOut = (message: OperatorAsk | OperatorReply): ReadonlyArray<unknown> =>
  message._tag === "OperatorAsk" ? [message.pass, ...requestOut(message.request)] : answerOut(message.answer)

const requestOut = (request: OperatorRequest): ReadonlyArray<unknown> => {
  switch (request._tag) {
    case "Transfer":
      return [request._tag, request.to]
    case "Drain":
    case "Undrain":
      return [request._tag, request.node]
    case "Replace":
      return [request._tag, request.node, request.by]
  }
}

const answerOut = (answer: OperatorReply["answer"]): ReadonlyArray<unknown> => {
  switch (answer._tag) {
    case "Done":
      return [answer._tag, answer.configuration === undefined ? null : configurationOut(answer.configuration)]
    case "NotLeader":
      return [answer._tag, answer.leader ?? ""]
    case "Waiting":
    case "Refused":
      return [answer._tag, answer.reason]
    case "AskAgain":
      return [answer._tag, answer.pass]
  }
}

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const operatorIn = (kind: number, fields: Fields): OperatorAsk | OperatorReply | undefined => {
  if (kind === operatorKinds.OperatorAsk) {
    const pass = fields.text()
    const request = requestIn(fields)
    return request && { _tag: "OperatorAsk", request, pass }
  }
  if (kind !== operatorKinds.OperatorReply) return undefined
  const answer = answerIn(fields)
  return answer && { _tag: "OperatorReply", answer }
}

const requestIn = (fields: Fields): OperatorRequest | undefined => {
  const _tag = fields.text()
  switch (_tag) {
    case "Transfer":
      return { _tag, to: fields.node() }
    case "Drain":
    case "Undrain":
      return { _tag, node: fields.node() }
    case "Replace":
      return { _tag, node: fields.node(), by: fields.node() }
    default:
      return undefined
  }
}

const answerIn = (fields: Fields): OperatorReply["answer"] | undefined => {
  const _tag = fields.text()
  switch (_tag) {
    case "Done":
      return { _tag, configuration: fields.optional(configurationIn) }
    case "NotLeader": {
      const leader = fields.node()
      return { _tag, leader: leader === "" ? undefined : leader }
    }
    case "Waiting":
    case "Refused":
      return { _tag, reason: fields.text() }
    case "AskAgain":
      return { _tag, pass: fields.text() }
    default:
      return undefined
  }
}
