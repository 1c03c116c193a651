/** What the model asks of nodes and of the master again and again, read once for each value. */
import { noBallot } from "../../../protocol/ids.ts"
import { leads } from "../../../protocol/leader/leader.ts"
import type { LeaderState } from "../../../protocol/leader/state.ts"
import type { MasterState } from "../../../protocol/master/master.ts"
import { valueAt } from "../memory-log.ts"
import type { NodeModel } from "./node-model.ts"
import { isReading } from "./rounds.ts"
import type { Scope } from "./scope.ts"

/** The phases of a leader. */
export const phases: ReadonlyArray<string> = [
  "Deposed",
  "Asking",
  "Preparing",
  "Carrying",
  "Awaiting",
  "Serving"
]

export interface NodeFacts {
  readonly promised: number
  /** Of its leader; 0 where it leads nothing. */
  readonly ballot: number
  readonly generation: number
  readonly phase: string
  /** The request to the master whose answer the leader waits for. */
  readonly waitsFor: string
  /** The durable entry at each slot, from 1, by number; 0 where there is none. */
  readonly values: ReadonlyArray<number>
  /** The ballots of these entries. */
  readonly ballots: ReadonlyArray<number>
  readonly canPropose: boolean
  /** Its leader has a question that it has not answered. */
  readonly isAsked: boolean
  /** It may be asked one: none waits for its round. */
  readonly canRead: boolean
  readonly unsynced: number
  /** It has kept an acknowledgement back. */
  readonly owes: boolean
  /** A Prepare waits there for the end of a lease. */
  readonly isKeeping: boolean
  /** The ballot whose lease was given back here. */
  readonly released: number
}

export interface MasterFacts {
  readonly nextBallot: number
  readonly active: number
  readonly generation: number
  /** The ballot issued last, if it is not active; 0 where there is none. */
  readonly latest: number
  /** Indexes of the acceptors of the active configuration, its leader first. */
  readonly acceptors: ReadonlyArray<number>
}

/** Questions wait until it asks for their round, be it in its next ballot. */
const hasGathered = (leader: LeaderState): boolean => {
  const gathered = leader._tag === "Serving" ? leader : "held" in leader ? leader.held : undefined
  return gathered !== undefined && gathered.newReads.length > 0
}

export const factsOfNode = (
  { acceptor, leader, log, disk, unsynced }: NodeModel,
  { slotsMax, ballotsMax, reconfigures, reads }: Scope,
  numberOf: (value: string) => number
): NodeFacts => {
  const configuration = leads(leader)
  const durable = disk?.log ?? log
  // What a leader takes along into its next ballot is proposed with its first entry, in one batch.
  const extra = reconfigures ? ballotsMax : 0
  const slots = Array.from({ length: slotsMax + extra + 1 }, (_, slot) => slot as never)
  const values = slots.map((slot) => (slot === 0 ? undefined : valueAt(durable, slot)))
  return {
    promised: acceptor.promised,
    ballot: configuration?.ballot ?? noBallot,
    generation: configuration?.generation ?? 0,
    phase: leader._tag,
    waitsFor: "request" in leader ? leader.request.requestId : "",
    values: values.map((value) => (value === undefined ? 0 : numberOf(value))),
    ballots: slots.map((slot) => durable.ballotAt(slot) ?? 0),
    isAsked: isReading(leader) || hasGathered(leader),
    canRead: reads === true && leader._tag === "Serving" && !isReading(leader),
    canPropose: leader._tag === "Serving" && leader.last < slotsMax,
    unsynced: unsynced.length,
    owes: acceptor.owing?.debt !== undefined,
    isKeeping: acceptor.grants.kept !== undefined,
    released: acceptor.grants.released
  }
}

export const factsOfMaster = (
  { nextBallot, active, latest }: MasterState,
  indexOf: (node: string) => number
): MasterFacts => {
  const leader = active?.leader
  const others = (active?.acceptors ?? []).filter(({ node }) => node !== leader?.node)
  return {
    nextBallot,
    active: active?.ballot ?? noBallot,
    generation: active?.generation ?? 0,
    latest: latest?.configuration.ballot ?? noBallot,
    acceptors: leader === undefined ? [] : [leader, ...others].map(({ node }) => indexOf(node))
  }
}

/** One active configuration: ballots grow, or generations by one (docs/protocol.md, section 9, point 3). */
export const isNext = (before: MasterState, after: MasterState): boolean => {
  const [old, now] = [before.active, after.active]
  if (after.nextBallot < before.nextBallot) return false
  if (old === undefined || now === undefined) return old === now
  if (now.ballot !== old.ballot) return now.ballot > old.ballot && now.generation === 0
  return now.generation === old.generation || now.generation === old.generation + 1
}

/** Promises never fall (section 9, point 4): not in memory, where disks are immediate; not on late disks. */
export const promiseFell = (before: NodeModel, after: NodeModel): string | undefined => {
  const [old, now] = [before.disk?.log ?? before.log, after.disk?.log ?? after.log]
  const fell =
    now.promised < old.promised ||
    (after.disk === undefined && after.acceptor.promised < before.acceptor.promised)
  return fell ? `promises never fall: ${after.self.node} had promised ${old.promised}` : undefined
}
