/**
 * The names things are known by: ballots, slots, nodes, sessions; branded, so that one cannot pass for
 * another.
 */
import * as Brand from "effect/Brand"

/** Number of a ballot (the paper's b). Only the master issues one; 0 stands before every ballot. */
export type Ballot = number & Brand.Brand<"Ballot">
export const Ballot = Brand.nominal<Ballot>()
export const noBallot = Ballot(0)

/**
 * Position of a command in a group's log (the paper's instance i). The first slot is 1; 0 stands before it.
 */
export type Slot = number & Brand.Brand<"Slot">
export const Slot = Brand.nominal<Slot>()
export const noSlot = Slot(0)

/** The slot that is `count` places after `slot` (before it, where `count` is negative). */
export const slotPlus = (slot: Slot, count: number): Slot => Slot(slot + count)
export const slotMin = (a: Slot, b: Slot): Slot => (a < b ? a : b)
export const slotMax = (a: Slot, b: Slot): Slot => (a > b ? a : b)

/** Name of a process, chosen by whoever runs it; it may return with another disk. */
export type NodeId = string & Brand.Brand<"NodeId">
export const NodeId = Brand.nominal<NodeId>()

/** Drawn at random when a data directory is formatted: a wiped disk comes back as somebody else. */
export type StorageId = string & Brand.Brand<"StorageId">
export const StorageId = Brand.nominal<StorageId>()

/** Name of one replicated log and its state machine. */
export type GroupId = string & Brand.Brand<"GroupId">
export const GroupId = Brand.nominal<GroupId>()

/** Drawn at random by a client for the time that it runs; its replies go to the inbox of this name. */
export type ClientId = string & Brand.Brand<"ClientId">
export const ClientId = Brand.nominal<ClientId>()

/** A session is named by the slot of the entry that opened it, hence unique in its group for ever. */
export type SessionId = number & Brand.Brand<"SessionId">
export const SessionId = Brand.nominal<SessionId>()

/** Number of a command within its session, from 1. */
export type RequestNumber = number & Brand.Brand<"RequestNumber">
export const RequestNumber = Brand.nominal<RequestNumber>()

/** A replica: a node together with the disk that holds its votes. */
export interface Replica {
  readonly node: NodeId
  readonly storage: StorageId
}

export const sameReplica = (a: Replica, b: Replica): boolean => a.node === b.node && a.storage === b.storage
