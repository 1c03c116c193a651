/** One node of a model as an immutable value, what can happen to it, and what leaves it. */
import type { AcceptorState } from "../../../protocol/acceptor/acceptor.ts"
import type { Ballot, NodeId, Replica, Slot } from "../../../protocol/ids.ts"
import type { LeaderInput } from "../../../protocol/leader/input.ts"
import type { LeaderState } from "../../../protocol/leader/state.ts"
import type { Learned } from "../../../protocol/membership/outsider.ts"
import type { FromAcceptor, MasterRequest, Synced, ToAcceptor } from "../../../protocol/messages.ts"
import type { Persist } from "../../../protocol/step.ts"
import type { MemoryLog } from "../memory-log.ts"

/** What survives a crash of a node with a late disk. */
export interface Disk {
  readonly log: MemoryLog
  readonly chosen: Slot
}

export interface NodeModel {
  readonly self: Replica
  readonly acceptor: AcceptorState
  readonly log: MemoryLog
  readonly leader: LeaderState
  /** Starts of a leader since the last promise: tells the proposals of one from those of the next. */
  readonly starts: number
  /** Where disks are late: what is durable, and what was written since, in order, with what each gates. */
  readonly disk: Disk | undefined
  readonly unsynced: ReadonlyArray<Persist>
  /** How long a lease its disk says that it may have granted: where disks are immediate. */
  readonly notedMs: number
}

export type NodeInput =
  | { readonly _tag: "ToAcceptor"; readonly from: Replica; readonly message: ToAcceptor }
  | { readonly _tag: "ToLeader"; readonly input: LeaderInput }
  /** Its memory is gone: it leads nothing any more, and has only what its disk holds. */
  | { readonly _tag: "Restart" }
  | { readonly _tag: "Propose" }
  /** A question for its leader: by itself, or together with a command. */
  | { readonly _tag: "Read"; readonly proposes: boolean }
  /** The oldest write becomes durable. */
  | { readonly _tag: "Sync" }
  /** It sends what it has counted as chosen to another node. */
  | { readonly _tag: "Teach"; readonly to: NodeId; readonly first: Slot }
  | { readonly _tag: "Learn"; readonly learned: Learned }
  /** The timer of an acceptor that owes its leader an acknowledgement. */
  | { readonly _tag: "DebtDue" }
  /** The timer of an acceptor that waits for the end of a lease. */
  | { readonly _tag: "LeaseWaited" }
  /** Its clock goes on by so much. */
  | { readonly _tag: "Passes"; readonly ms: number }

export interface Sent {
  readonly to: string
  readonly message: ToAcceptor | FromAcceptor
}

export interface Applied {
  readonly slot: Slot
  readonly value: string
  /** Told to clients. */
  readonly answered: boolean
}

export interface NodeStep {
  readonly node: NodeModel
  readonly sent: ReadonlyArray<Sent>
  readonly requests: ReadonlyArray<MasterRequest>
  readonly applied: ReadonlyArray<Applied>
  readonly lessons: ReadonlyArray<Lesson>
  readonly told: ReadonlyArray<Told>
  /** Through which slots went the states that its leader has answered questions from. */
  readonly answers: ReadonlyArray<Slot>
}

export interface Lesson {
  readonly to: NodeId
  readonly learned: Learned
}

/** What a node tells the client whose command is under way. */
export type Told =
  | Synced
  | {
      readonly _tag: "Foretold"
      readonly ballot: Ballot
      readonly slot: Slot
      readonly value: string
      readonly leader: Replica
      readonly acceptors: ReadonlyArray<Replica>
    }
