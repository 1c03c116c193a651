/**
 * The envelope of everything on the bus: version, checksum, cluster, sender, group, kind, and the fields of
 * the message.
 */

import {
  type Ballot,
  type GroupId,
  GroupId as makeGroup,
  NodeId,
  type Replica,
  StorageId
} from "../protocol/ids.ts"
import type { Beat, Floor } from "../protocol/liveness/detector.ts"
import type { Roll, Rouse } from "../protocol/liveness/roll.ts"
import type { PromisedIn } from "../protocol/master/taking-seat.ts"
import type {
  FromClient,
  LocalQuery,
  MasterReply,
  MasterRequest,
  Release,
  TakeOver
} from "../protocol/messages.ts"
import { pack, unpack } from "../runtime/codec.ts"
import { type CatchUp, type CaughtUp, catchUpIn, catchUpKinds, catchUpOut } from "./catch-up-codec.ts"
import { clientIn, clientKinds, clientOut, type ToClient } from "./client-codec.ts"
import { beatOut, detectorIn, detectorKinds, floorIn, floorOut } from "./detector-codec.ts"
import { Fields, readFields } from "./fields.ts"
import { leaseIn, leaseKinds, leaseOut } from "./lease-codec.ts"
import { masterReplyIn, masterReplyOut, masterRequestIn, masterRequestOut } from "./master-codec.ts"
import {
  type OperatorAsk,
  type OperatorReply,
  operatorIn,
  operatorKinds,
  operatorOut
} from "./operator-codec.ts"
import { type ProtocolMessage, protocolIn, protocolKinds, protocolOut } from "./protocol-codec.ts"
import {
  promisedIn,
  promisedOut,
  type RegisterMessage,
  registerKinds,
  registerMessageIn,
  registerMessageOut
} from "./register-codec.ts"
import { rollIn, rollKinds, rollOut } from "./roll-codec.ts"
import { isSealed, noSeal, seal } from "./seal.ts"
import {
  type AskSnapshot,
  type SnapshotPart,
  snapshotIn,
  snapshotKinds,
  snapshotOut
} from "./snapshot-codec.ts"

/** Grows when old nodes could misread what new ones send; they refuse each other by it. */
export const wireVersion = 2

export interface MasterAsk {
  readonly _tag: "MasterAsk"
  readonly request: MasterRequest
  /** The ballot that the asker's acceptor has promised: the master has issued it, or has lost its memory. */
  readonly promised?: Ballot
}

export interface MasterAnswer {
  readonly _tag: "MasterAnswer"
  readonly reply: MasterReply
}

/** A node says that it is here. Two instances of one node find each other out by it. */
export interface Hello {
  readonly _tag: "Hello"
  /** Drawn at each start. */
  readonly instance: string
  readonly startedAtMs: number
  /** Whether the others are asked to say so too. */
  readonly asks: boolean
  /** The instance whose question this answers; empty where nobody asked. */
  readonly answers: string
  /** What its acceptors have promised: ballots that a master must know of. */
  readonly promised: ReadonlyArray<PromisedIn>
  /** How far it has heard that disks have come, the receiver's among them. */
  readonly floors: ReadonlyArray<Floor>
}

export type Body =
  | ProtocolMessage
  | FromClient
  | LocalQuery
  | ToClient
  | MasterAsk
  | MasterAnswer
  | Hello
  | CatchUp
  | CaughtUp
  | OperatorAsk
  | OperatorReply
  | AskSnapshot
  | SnapshotPart
  | Beat
  | Roll
  | Rouse
  | Release
  | TakeOver
  | RegisterMessage

export interface Packet {
  readonly from: Replica
  readonly group: GroupId
  readonly body: Body
}

/** Why bytes were not taken. They are counted by it, and never do harm. */
export type Junk =
  | "not-a-packet"
  | "unknown-version"
  | "damaged"
  | "wrong-cluster"
  | "unknown-kind"
  | "malformed"

const kinds: { readonly [Tag in Body["_tag"]]: number } = {
  ...protocolKinds,
  MasterAsk: 10,
  MasterAnswer: 11,
  Hello: 12,
  ...catchUpKinds,
  ...operatorKinds,
  ...clientKinds,
  ...detectorKinds,
  ...leaseKinds,
  ...snapshotKinds,
  ...registerKinds,
  ...rollKinds
}

const helloOut = (hello: Hello): ReadonlyArray<unknown> => [
  hello.instance,
  hello.startedAtMs,
  hello.asks,
  hello.answers,
  hello.promised.map(promisedOut),
  hello.floors.map(floorOut)
]

const fieldsOut = (body: Body): ReadonlyArray<unknown> => {
  switch (body._tag) {
    case "Prepare":
    case "Prepared":
    case "Accept":
    case "Accepted":
    case "Gap":
    case "Nack":
      return protocolOut(body)
    case "MasterAsk":
      return [body.promised ?? 0, ...masterRequestOut(body.request)]
    case "MasterAnswer":
      return masterReplyOut(body.reply)
    case "OperatorAsk":
    case "OperatorReply":
      return operatorOut(body)
    case "CatchUp":
    case "CaughtUp":
      return catchUpOut(body)
    case "Release":
    case "TakeOver":
      return leaseOut(body)
    case "AskSnapshot":
    case "SnapshotPart":
      return snapshotOut(body)
    case "Beat":
      return beatOut(body)
    case "Roll":
    case "Rouse":
      return rollOut(body)
    case "KeeperAsked":
    case "KeeperSaid":
    case "SeatAsk":
    case "SeatTold":
    case "SeatClaim":
    case "SeatGiven":
      return registerMessageOut(body)
    case "Hello":
      return helloOut(body)
    default:
      return clientOut(body)
  }
}

const bodyIn = (kind: number, fields: Fields): Body | undefined => {
  if (kind <= protocolKinds.Nack) return protocolIn(kind, fields)
  if (kind === kinds.MasterAsk) {
    const promised = fields.ballot()
    const request = masterRequestIn(fields)
    return request && { _tag: "MasterAsk", request, promised }
  }
  if (kind === kinds.MasterAnswer) {
    const reply = masterReplyIn(fields)
    return reply && { _tag: "MasterAnswer", reply }
  }
  if (kind === kinds.Hello) {
    const instance = fields.text()
    return {
      _tag: "Hello",
      instance,
      startedAtMs: fields.time(),
      asks: fields.any() === true,
      answers: fields.text(),
      // A node of an older version does not tell.
      promised: fields.left > 0 ? fields.list(promisedIn) : [],
      floors: fields.left > 0 ? fields.list(floorIn) : []
    }
  }
  // Most packets are beats.
  return (
    detectorIn(kind, fields) ??
    catchUpIn(kind, fields) ??
    operatorIn(kind, fields) ??
    clientIn(kind, fields) ??
    leaseIn(kind, fields) ??
    snapshotIn(kind, fields) ??
    registerMessageIn(kind, fields) ??
    rollIn(kind, fields)
  )
}

/** Where the fields of the message begin, behind those of the envelope. */
const fieldsFrom = 7
const known = new Set<unknown>(Object.values(kinds))

/** The sender of what no node sends. */
export const noReplica: Replica = { node: NodeId(""), storage: StorageId("") }

/** Packets of one cluster, in and out. */
export interface PacketCodec {
  readonly encode: (from: Replica, group: GroupId, body: Body) => Uint8Array
  readonly decode: (bytes: Uint8Array) => Packet | Junk
}

export const packetCodec = (cluster: string): PacketCodec => ({
  encode: (from, group, body) =>
    seal(
      pack([
        wireVersion,
        noSeal,
        cluster,
        from.node,
        from.storage,
        group,
        kinds[body._tag],
        ...fieldsOut(body)
      ])
    ),
  decode: (bytes) => {
    const plain = unpack(bytes)
    if (!Array.isArray(plain) || plain.length < fieldsFrom) return "not-a-packet"
    const [version, , of, node, storage, group, kind] = plain
    if (version !== wireVersion) return typeof version === "number" ? "unknown-version" : "not-a-packet"
    if (!isSealed(bytes)) return "damaged"
    if (of !== cluster) return "wrong-cluster"
    if (typeof node !== "string" || typeof storage !== "string" || typeof group !== "string")
      return "malformed"
    if (!known.has(kind)) return "unknown-kind"
    const body = readFields(() => bodyIn(kind as number, new Fields(plain, fieldsFrom)))
    if (body === undefined) return "malformed"
    return { from: { node: NodeId(node), storage: StorageId(storage) }, group: makeGroup(group), body }
  }
})
