/**
 * How a master takes its seat among the keepers of the register when it starts: first of all, again after a
 * restart, or with a new disk. What it said before must still be on its disk, or it has no say.
 */
import { type Ballot, type GroupId, type NodeId, type Replica, sameReplica } from "../ids.ts"
import type { RegisterValue } from "./cas-paxos.ts"
import { firstSeats, isSeated, majorityOf, mergeSeats, type Seats, sameMasters, takeSeat } from "./seats.ts"

/**
 * A value to begin with, from a file: of the time when one node alone kept the master, or a copy that was put
 * back. Nobody can see from it whether it is the newest.
 */
export interface FileValue {
  readonly group: GroupId
  readonly value: RegisterValue
  /** Whoever has promised this ballot, or a later one, has seen a newer value. */
  readonly newerFrom: Ballot
  /** The acceptors that voted when it was written: some of them know of whatever became active after that. */
  readonly voters: ReadonlyArray<Replica>
}

/** What the acceptor of a group on some node has promised: proof that the ballot was issued. */
export interface PromisedIn {
  readonly group: GroupId
  readonly ballot: Ballot
}

/** What a master answers to one that starts, and any other node that is asked what it has promised. */
export interface SeatTold {
  readonly seats: Seats
  /** How many writes of the asker it has heard of, under the asker's storage. */
  readonly floor: number
  readonly files: ReadonlyArray<FileValue>
  readonly promised: ReadonlyArray<PromisedIn>
}

/** What a starting master knows by itself. */
export interface Starting extends Omit<SeatTold, "floor"> {
  readonly self: Replica
  readonly masters: ReadonlyArray<NodeId>
  /** How many writes its disk has. */
  readonly writes: number
}

export interface ToldBy {
  readonly from: Replica
  readonly told: SeatTold
}

export type SeatProblem =
  | { readonly _tag: "RolledBack"; readonly floor: number; readonly writes: number; readonly by: NodeId }
  | { readonly _tag: "MastersDiffer"; readonly masters: ReadonlyArray<NodeId> }
  | { readonly _tag: "ValueLost"; readonly group: GroupId; readonly ballot: Ballot }
  /** A voter has a new disk: what it knew is gone. */
  | { readonly _tag: "ValueUnproven"; readonly group: GroupId; readonly voter: NodeId }

export type SeatDecision =
  /** For whom it waits. */
  | { readonly _tag: "Wait"; readonly silent: ReadonlyArray<NodeId> }
  | { readonly _tag: "Ready"; readonly seats: Seats }
  /** The first seats of all, and what is in the registers at the beginning. */
  | { readonly _tag: "Form"; readonly seats: Seats; readonly values: ReadonlyArray<FileValue> }
  /** To ask these keepers for the seat and for what they hold. */
  | { readonly _tag: "Join"; readonly seats: Seats; readonly from: ReadonlyArray<Replica> }
  | { readonly _tag: "Refuse"; readonly problem: SeatProblem }

/**
 * Decides by what the other masters have told so far. `isPatient`: more of them may still answer, so one with
 * a seat waits for all; later it goes on with a majority, since the others may be gone.
 */
export const decideSeat = (
  own: Starting,
  told: ReadonlyMap<NodeId, ToldBy>,
  isPatient: boolean
): SeatDecision => {
  const { self, masters } = own
  const others = masters.flatMap((node) => told.get(node) ?? [])
  const problem = problemOf(own, others)
  if (problem !== undefined) return { _tag: "Refuse", problem }
  const silent = masters.filter((node) => node !== self.node && !told.has(node))
  const seats = others.reduce((all, { told: one }) => mergeSeats(all, one.seats), own.seats)
  const wait: SeatDecision = { _tag: "Wait", silent }
  if (own.seats.length > 0 && isSeated(seats, self)) {
    if (silent.length === 0) return { _tag: "Ready", seats }
    const isEnough = others.length + 1 >= majorityOf(seats)
    return isPatient || !isEnough ? wait : { _tag: "Ready", seats }
  }
  const isFirst = seats.length === 0 || (own.seats.length === 0 && isSeated(seats, self))
  if (isFirst) return silent.length > 0 ? wait : form(own, others, told, seats)
  const from = others.filter((one) => one.told.seats.length > 0 && isSeated(seats, one.from))
  if (from.length < majorityOf(seats)) return wait
  return { _tag: "Join", seats: takeSeat(seats, self), from: from.map((one) => one.from) }
}

const problemOf = (own: Starting, others: ReadonlyArray<ToldBy>): SeatProblem | undefined => {
  for (const { from, told } of others) {
    if (told.floor > own.writes)
      return { _tag: "RolledBack", floor: told.floor, writes: own.writes, by: from.node }
  }
  for (const seats of [own.seats, ...others.map(({ told }) => told.seats)]) {
    if (seats.length > 0 && !sameMasters(seats, own.masters))
      return { _tag: "MastersDiffer", masters: seats.map(({ replica }) => replica.node) }
  }
  return undefined
}

/**
 * Everybody is new, or one of those who are has formed already: all come to the same. A value that is older
 * than what some acceptor has promised is not the last one, and none at all would be worse.
 */
const form = (
  own: Starting,
  others: ReadonlyArray<ToldBy>,
  told: ReadonlyMap<NodeId, ToldBy>,
  known: Seats
): SeatDecision => {
  const values = newestFiles([own, ...others.map((other) => other.told)])
  // Once there are seats, ballots are issued by their keepers, and no file knows of them.
  if (known.length > 0) return { _tag: "Form", seats: known, values }
  return (
    unproven(own, told, values) ?? {
      _tag: "Form",
      seats: firstSeats([own.self, ...others.map(({ from }) => from)]),
      values
    }
  )
}

const newestFiles = (sources: ReadonlyArray<Pick<SeatTold, "files">>): ReadonlyArray<FileValue> => {
  const values = new Map<GroupId, FileValue>()
  for (const file of sources.flatMap(({ files }) => files)) {
    const other = values.get(file.group)
    if (other === undefined || other.value.version < file.value.version) values.set(file.group, file)
  }
  return [...values.values()]
}

/**
 * Whom to wait for, or what is wrong, until every voter of every value has told what it promised. Each ballot
 * that became active after a value was promised by one of its voters.
 */
const unproven = (
  own: Starting,
  told: ReadonlyMap<NodeId, ToldBy>,
  values: ReadonlyArray<FileValue>
): SeatDecision | undefined => {
  const promised = [own, ...[...told.values()].map((one) => one.told)].flatMap((source) => source.promised)
  for (const { group, ballot } of promised) {
    if (ballot < (values.find((file) => file.group === group)?.newerFrom ?? 1)) continue
    return { _tag: "Refuse", problem: { _tag: "ValueLost", group, ballot } }
  }
  const silent = new Set<NodeId>()
  for (const { group, voters } of values) {
    for (const voter of voters) {
      const heard = voter.node === own.self.node ? own.self : told.get(voter.node)?.from
      if (heard === undefined) silent.add(voter.node)
      else if (!sameReplica(heard, voter))
        return { _tag: "Refuse", problem: { _tag: "ValueUnproven", group, voter: voter.node } }
    }
  }
  return silent.size > 0 ? { _tag: "Wait", silent: [...silent] } : undefined
}
