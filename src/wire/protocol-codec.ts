/** The messages between leaders and acceptors as positional arrays. */
import type { Configuration, Origin } from "../protocol/configuration.ts"
import type { Replica, Slot } from "../protocol/ids.ts"
import { type Run, runsMisformed } from "../protocol/log/run.ts"
import type { FromAcceptor, Release, ToAcceptor } from "../protocol/messages.ts"
import { Fields } from "./fields.ts"

export const replicaOut = (replica: Replica) => [replica.node, replica.storage]

export const configurationOut = (configuration: Configuration): ReadonlyArray<unknown> => [
  configuration.ballot,
  configuration.generation,
  replicaOut(configuration.leader),
  configuration.acceptors.map(replicaOut)
]

export const configurationIn = (fields: Fields): Configuration => ({
  ballot: fields.ballot(),
  generation: fields.count(),
  leader: new Fields(fields.any()).replica(),
  acceptors: fields.list((item) => item.replica())
})

export const originOut = (origin: Origin): ReadonlyArray<unknown> => [origin.ballot, origin.generation]
export const originIn = (fields: Fields): Origin => ({ ballot: fields.ballot(), generation: fields.count() })

export const replicasOut = (replicas: ReadonlyArray<Replica>): ReadonlyArray<unknown> =>
  replicas.map(replicaOut)

export const runOut = (run: Run): ReadonlyArray<unknown> => [
  run.ballot,
  run.first,
  run.count,
  run.atMs,
  run.bytes
]
export const runIn = (fields: Fields): Run => ({
  ballot: fields.ballot(),
  first: fields.slot(),
  count: fields.count(),
  atMs: fields.time(),
  bytes: fields.bytes()
})

/** Message kinds on the wire. A number is never used again for something else. */
export const protocolKinds = { Prepare: 1, Prepared: 2, Accept: 3, Accepted: 4, Gap: 5, Nack: 6 } as const

export type ProtocolMessage = Exclude<ToAcceptor, Release> | FromAcceptor

export const protocolOut = (message: ProtocolMessage): ReadonlyArray<unknown> => {
  switch (message._tag) {
    case "Prepare":
      return [configurationOut(message.configuration), configurationOut(message.prev), message.fromSlot]
    case "Prepared": {
      const { ballot, lastSlot, prevSlot, prevSlotBallot, runs, chosen } = message
      return [ballot, lastSlot, prevSlot, prevSlotBallot, runs.map(runOut), chosen]
    }
    case "Accept": {
      const { configuration, prevSlot, prevSlotBallot, runs, chosen, round, leaseMs } = message
      const place = [configurationOut(configuration), prevSlot, prevSlotBallot]
      const told = message.tells === undefined ? [] : [message.tells]
      return [...place, runs.map(runOut), chosen, round, leaseMs, ...told]
    }
    case "Accepted":
      return [message.ballot, message.lastSlot, message.round, message.grantedMs]
    case "Gap":
      return [message.ballot, message.hintSlot, message.hintBallot, message.round]
    case "Nack":
      return [message.ballot, message.promised]
  }
}

/** Reads a message of a kind; undefined for a kind that is none of these. */
export const protocolIn = (kind: number, fields: Fields): ProtocolMessage | undefined => {
  switch (kind) {
    case protocolKinds.Prepare: {
      const configuration = configurationIn(new Fields(fields.any()))
      const prev = configurationIn(new Fields(fields.any()))
      return { _tag: "Prepare", configuration, prev, fromSlot: fields.slot() }
    }
    case protocolKinds.Prepared:
      return preparedIn(fields)
    case protocolKinds.Accept:
      return acceptIn(fields)
    case protocolKinds.Accepted:
      return acceptedIn(fields)
    case protocolKinds.Gap: {
      const ballot = fields.ballot()
      return {
        _tag: "Gap",
        ballot,
        hintSlot: fields.slot(),
        hintBallot: fields.ballot(),
        round: fields.count()
      }
    }
    case protocolKinds.Nack:
      return { _tag: "Nack", ballot: fields.ballot(), promised: fields.ballot() }
    default:
      return undefined
  }
}

/** Runs that are not consecutive, or whose bytes hold another number of entries, never reach a core. */
const runsIn = (fields: Fields) => fields.list(runIn)

const preparedIn = (fields: Fields): ProtocolMessage | undefined => {
  const ballot = fields.ballot()
  const lastSlot = fields.slot()
  const prevSlot = fields.slot()
  const prevSlotBallot = fields.ballot()
  const runs = runsIn(fields)
  if (runsMisformed(runs, prevSlot, prevSlotBallot) !== undefined) return undefined
  const chosen: Slot = fields.slot()
  return { _tag: "Prepared", ballot, lastSlot, prevSlot, prevSlotBallot, runs, chosen }
}

const acceptIn = (fields: Fields): ProtocolMessage | undefined => {
  const configuration = configurationIn(new Fields(fields.any()))
  const prevSlot = fields.slot()
  const prevSlotBallot = fields.ballot()
  const runs = runsIn(fields)
  if (runsMisformed(runs, prevSlot, prevSlotBallot) !== undefined) return undefined
  return {
    _tag: "Accept",
    configuration,
    prevSlot,
    prevSlotBallot,
    runs,
    chosen: fields.slot(),
    round: fields.count(),
    leaseMs: leaseIn(fields),
    // Mostly nobody is named, and by nodes of an older version never.
    ...(fields.left > 0 && { tells: fields.client() })
  }
}

const acceptedIn = (fields: Fields): ProtocolMessage => ({
  _tag: "Accepted",
  ballot: fields.ballot(),
  lastSlot: fields.slot(),
  round: fields.count(),
  grantedMs: leaseIn(fields)
})

/** Nodes from before there were leases say nothing of one: they ask for none, and grant none. */
const leaseIn = (fields: Fields): number => (fields.left > 0 ? fields.count() : 0)
