/** What a node of the cluster model is, what it keeps, and what passes between two. */
import type { AcceptorState } from "../../src/protocol/acceptor/acceptor.ts"
import { type NodeId, noBallot, noSlot, type Replica, type Slot } from "../../src/protocol/ids.ts"
import type { LeaderState } from "../../src/protocol/leader/state.ts"
import type { Learned } from "../../src/protocol/membership/outsider.ts"
import type { FromAcceptor, MasterReply, MasterRequest, ToAcceptor } from "../../src/protocol/messages.ts"
import type { DurableRecord, Free, Persist, TimerName } from "../../src/protocol/step.ts"
import { type MemoryLog, memoryLog } from "../../src/sim/search/memory-log.ts"

export type PeerMessage = ToAcceptor | FromAcceptor | Learned

/** What a node keeps through a crash. */
export interface Disk {
  readonly log: MemoryLog
  readonly chosen: Slot
  readonly leaseNotedMs: number
}

export interface ModelNode {
  readonly self: Replica
  acceptor: AcceptorState
  leader: LeaderState
  log: MemoryLog
  disk: Disk
  /** Written and not synced, in order; what each gates is held back. */
  unsynced: Array<Persist>
  /** What the node sent to itself: arrives in order, and is lost only in a crash. */
  mailbox: Array<PeerMessage>
  readonly timers: Set<TimerName>
  applied: Slot
  stateHash: number
  changedFrom: Slot
}

export interface Letter {
  readonly from: Replica
  readonly to: NodeId
  readonly message: PeerMessage
}

/** Told of everything that happens, for transcripts. */
export interface Watcher {
  readonly sent: (from: NodeId, to: NodeId, message: PeerMessage) => void
  readonly asked: (from: NodeId, request: MasterRequest) => void
  readonly done: (node: NodeId, output: Free) => void
  readonly written: (node: NodeId, record: DurableRecord) => void
  readonly told: (to: NodeId, reply: MasterReply) => void
}

export const emptyDisk: Disk = { log: memoryLog(noBallot, [], []), chosen: noSlot, leaseNotedMs: 0 }

export const hashed = (hash: number, text: string): number => {
  let next = hash
  for (let at = 0; at < text.length; at++) next = Math.imul(next ^ text.charCodeAt(at), 0x0100_0193)
  return next >>> 0
}
