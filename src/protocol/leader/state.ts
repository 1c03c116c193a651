/** The phases of a leader, each with what it knows: what a phase cannot have, cannot be read. */
import type { Sending } from "../acceptor/lease.ts"
import type { Configuration } from "../configuration.ts"
import type { Ballot, NodeId, Replica, Slot } from "../ids.ts"
import type { MasterRequest, Query } from "../messages.ts"
import type { Replication } from "../replication/progress.ts"
import type { Pending, Window } from "../replication/window.ts"
import type { LeaderSettings } from "./input.ts"

/** Leads nothing: has not asked yet, or was deposed by a higher ballot. It never goes on in an old ballot. */
export interface Deposed {
  readonly _tag: "Deposed"
  readonly self: Replica
  readonly reason: string
  /** Whom it handed over to. */
  readonly successor?: NodeId | undefined
  /** It leaves the lead to its successor until then, whatever the master still says. */
  readonly leavesUntilMs?: number | undefined
}

/**
 * What a leader that goes on from one ballot of its own to the next keeps for its clients: they notice
 * nothing but a pause.
 */
export interface Held {
  /** The newest ballot that its own acceptor may have promised it. */
  readonly ballot: Ballot
  /** In flight in that ballot: bound in the next one, where they are answered. */
  readonly window: Window
  readonly pending: ReadonlyArray<Pending>
  readonly pendingBytes: number
  readonly newReads: ReadonlyArray<Query>
  readonly atMs: number
}

/** Waits for the master to issue a ballot. */
export interface Asking {
  readonly _tag: "Asking"
  readonly self: Replica
  readonly settings: LeaderSettings
  readonly token: string
  readonly request: MasterRequest
  readonly held: Held | undefined
}

/** Phase 1: waits for one acceptor of the previous configuration, then takes its log. */
export interface Preparing {
  readonly _tag: "Preparing"
  readonly self: Replica
  readonly settings: LeaderSettings
  readonly token: string
  readonly configuration: Configuration
  readonly prev: Configuration
  /** The acceptor whose log is taken, once one has answered. */
  readonly source: Replica | undefined
  readonly boundThrough: Slot
  /** What is asked for next. */
  readonly fromSlot: Slot
  /** The source answered since the last look of the retry timer. */
  readonly moved: boolean
  /**
   * Numbers the copies into the own log: only the answer to the newest one tells how far that log is the
   * source's.
   */
  readonly copies: number
  /** Where the newest copy ends. */
  readonly copiedThrough: Slot
  readonly held: Held | undefined
}

/** What is settled when phase 1 is done: the log through `boundThrough` is safe in this ballot. */
export interface CarryFacts {
  readonly self: Replica
  readonly settings: LeaderSettings
  readonly token: string
  readonly configuration: Configuration
  readonly prev: Configuration
  readonly boundThrough: Slot
  readonly held: Held | undefined
}

/** Brings every acceptor to the bound log. */
export interface Carrying extends CarryFacts, Replication {
  readonly _tag: "Carrying"
}

/**
 * All bound slots are acknowledged; the master is asked to activate the ballot. No command is proposed before
 * it has.
 */
export interface Awaiting extends CarryFacts, Replication {
  readonly _tag: "Awaiting"
  readonly request: MasterRequest
}

/**
 * Reads that wait until every acceptor has answered `round`: then no other ballot had been activated when
 * they came.
 */
export interface ReadRound {
  readonly round: number
  readonly slot: Slot
  readonly queries: ReadonlyArray<Query>
}

/** The ballot is active: commands are proposed in consecutive slots, many in flight. */
export interface Serving extends CarryFacts, Replication {
  readonly _tag: "Serving"
  readonly window: Window
  readonly pending: ReadonlyArray<Pending>
  readonly pendingBytes: number
  /** The time that the log has come to. */
  readonly atMs: number
  /** When that was, by the monotonic clock. */
  readonly timedAtMs: number
  readonly reads: ReadonlyArray<ReadRound>
  readonly newReads: ReadonlyArray<Query>
  /**
   * The newest slot whose client acceptors tell themselves: it may know of it before this leader does, so no
   * read is answered from a state without it.
   */
  readonly told: Slot
  /** The round at the last heartbeat: while rounds go on by themselves, no heartbeat is due. */
  readonly beatRound: number
  /** Rounds above this one tell the acceptors of now what is chosen now. */
  readonly toldAfter: number
  /** When it was seen last that somebody wanted something of it. */
  readonly busyAtMs: number
  /** When it was asked something last: for a while after that its lease is kept up. */
  readonly askedAtMs: number
  /** How long it waits for its next beat: the longer, the less there is to say. */
  readonly beatMs: number
  /** It beats no more until there is something to do. */
  readonly isSilent: boolean
  /** The request for its own next ballot, while the master has not answered it. */
  readonly next: MasterRequest | undefined
  /** The master's refusal of the last such request. */
  readonly refused: { readonly requestId: string; readonly reason: string } | undefined
  /** When its latest rounds were sent: its lease counts from there. */
  readonly sendings: ReadonlyArray<Sending>
  /** An acceptor that is to lead gets its ballot, while this one serves; rounds above `after` ask for it. */
  readonly invited: { readonly to: Replica; readonly untilMs: number; readonly after: number } | undefined
  /** Another acceptor is to lead; nothing more is proposed, and at `byMs` the latest it steps down. */
  readonly handOver: { readonly to: Replica; readonly byMs: number } | undefined
}

/** Whether another acceptor is about to lead instead. */
export const isHandingOver = ({ invited, handOver }: Serving): boolean =>
  invited !== undefined || handOver !== undefined

/** What a leader that lost to another ballot was. */
export interface Lost {
  readonly _tag: "Lost"
  readonly state: Awaiting | Serving
  readonly reason: string
}

export type LeaderState = Deposed | Asking | Preparing | Carrying | Awaiting | Serving
