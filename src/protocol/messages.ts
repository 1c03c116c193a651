/** The messages of the protocol, as plain values; how they look on the bus is another file's concern. */
import type { Configuration, Origin } from "./configuration.ts"
import type { Ballot, ClientId, NodeId, Replica, RequestNumber, SessionId, Slot } from "./ids.ts"
import type { Run } from "./log/run.ts"

/** 1a: the leader of a new ballot asks an acceptor of `prev` for its promise and its log from `fromSlot`. */
export interface Prepare {
  readonly _tag: "Prepare"
  readonly configuration: Configuration
  readonly prev: Configuration
  readonly fromSlot: Slot
}

/** 1b: promised; the log ends at `lastSlot`, and `runs` is a chunk of it behind `prevSlot`. */
export interface Prepared {
  readonly _tag: "Prepared"
  readonly ballot: Ballot
  readonly lastSlot: Slot
  readonly prevSlot: Slot
  readonly prevSlotBallot: Ballot
  readonly runs: ReadonlyArray<Run>
  readonly chosen: Slot
}

/**
 * 2a for the entries of `runs`, which follow `prevSlot`. With no runs it asks whether the log matches through
 * `prevSlot`, or is a heartbeat. `round` numbers the sendings of this leader, so that an answer proves that
 * it was given after this one.
 */
export interface Accept {
  readonly _tag: "Accept"
  readonly configuration: Configuration
  readonly prevSlot: Slot
  readonly prevSlotBallot: Ballot
  readonly runs: ReadonlyArray<Run>
  /** Above 0 only in an active ballot: a leader counts nothing before its ballot is active. */
  readonly chosen: Slot
  readonly round: number
  /** For how long the leader asks the acceptor to answer no other leader's Prepare; 0: not at all. */
  readonly leaseMs: number
  /** Whom the acceptor is to tell, beside its leader, that it has synced this (section 5, point 8). */
  readonly tells?: ClientId | undefined
}

/** 2b: everything through `lastSlot`, the end of what the Accept covered, is synced here in `ballot`. */
export interface Accepted {
  readonly _tag: "Accepted"
  readonly ballot: Ballot
  readonly lastSlot: Slot
  readonly round: number
  /** No other leader's Prepare is answered for so long after the Accept of `round` came; 0: no promise. */
  readonly grantedMs: number
}

/** The leader of `ballot` gives its lease back: it has stopped reading under it. */
export interface Release {
  readonly _tag: "Release"
  readonly ballot: Ballot
}

/** The leader of `configuration` hands over: its receiver is to ask for a ballot with the same acceptors. */
export interface TakeOver {
  readonly _tag: "TakeOver"
  readonly configuration: Configuration
}

/**
 * The Accept did not fit: this log differs at `prevSlot`. It may match at `hintSlot`, whose entry is of
 * `hintBallot`.
 */
export interface Gap {
  readonly _tag: "Gap"
  readonly ballot: Ballot
  readonly hintSlot: Slot
  readonly hintBallot: Ballot
  readonly round: number
}

/** Refused: a ballot above `ballot` was promised. */
export interface Nack {
  readonly _tag: "Nack"
  readonly ballot: Ballot
  readonly promised: Ballot
}

export type ToAcceptor = Prepare | Accept | Release
/** Whether a message between leader and acceptor is for the acceptor. */
export const isToAcceptor = (message: ToAcceptor | FromAcceptor): message is ToAcceptor =>
  message._tag === "Prepare" || message._tag === "Accept" || message._tag === "Release"

export type FromAcceptor = Prepared | Accepted | Gap | Nack

const ballotSuffix = "/ballot"
const completeSuffix = "/complete"

/** The request for a ballot, by an attempt of this name. */
export const ballotRequestId = (token: string): string => `${token}${ballotSuffix}`

/** The request to activate it. */
export const completeRequestId = (token: string): string => `${token}${completeSuffix}`

/** The attempt that made a request for a ballot. */
export const tokenOfBallot = (requestId: string): string => requestId.slice(0, -ballotSuffix.length)

/** Whether both requests are of one attempt. */
export const isOneAttempt = (ballotId: string, completeId: string): boolean =>
  completeRequestId(tokenOfBallot(ballotId)) === completeId

/** To a client: everything through `slot` is synced at this acceptor in `ballot`. */
export interface Synced {
  readonly _tag: "Synced"
  readonly ballot: Ballot
  readonly slot: Slot
}

/**
 * What a client has counted: all acceptors that the leader of `ballot` has named to it, that leader's own
 * among them, have synced everything through `slot` in that ballot.
 */
export interface Counted {
  readonly ballot: Ballot
  readonly slot: Slot
}

/** Requests to the master. `requestId` makes a retry harmless. */
export type MasterRequest =
  | {
      readonly _tag: "Bootstrap"
      readonly requestId: string
      readonly leader: Replica
      readonly acceptors: ReadonlyArray<Replica>
      /** No configuration of the group ever has fewer. */
      readonly minAcceptors: number
    }
  | {
      readonly _tag: "NewBallot"
      readonly requestId: string
      readonly leader: Replica
      readonly acceptors: ReadonlyArray<Replica>
    }
  | { readonly _tag: "Complete"; readonly requestId: string; readonly ballot: Ballot; readonly prev: Origin }
  | {
      readonly _tag: "Retire"
      readonly requestId: string
      readonly origin: Origin
      readonly acceptor: Replica
    }
  /** From now on (or no longer) this node is not to be made an acceptor, whoever asks. */
  | {
      readonly _tag: "Drain"
      readonly requestId: string
      readonly node: NodeId
      readonly drained: boolean
      /** As the master told it last: after another change the request is old, and changes nothing. */
      readonly drains: number
    }
  | { readonly _tag: "ReadMaster"; readonly requestId: string }

export type MasterReply = { readonly requestId: string } & (
  | { readonly _tag: "Issued"; readonly configuration: Configuration; readonly prev: Configuration }
  | { readonly _tag: "Activated"; readonly configuration: Configuration }
  | { readonly _tag: "Superseded"; readonly active: Configuration | undefined; readonly latest: Ballot }
  | {
      readonly _tag: "MasterRead"
      readonly active: Configuration | undefined
      readonly latest: Ballot
      readonly minAcceptors: number
      readonly drained: ReadonlyArray<NodeId>
      /** How often that has changed. */
      readonly drains: number
    }
  | { readonly _tag: "Refused"; readonly reason: string }
)

/**
 * A client's entries, gathered over one turn. The numbers let it tell which submission an answer is about.
 */
export interface Submit {
  readonly _tag: "Submit"
  readonly client: ClientId
  readonly submission: number
  readonly bytes: Uint8Array
  readonly counted?: Counted | undefined
}

/**
 * A client's linearizable questions of one turn, in the machine's own encoding; numbered from `question` on.
 */
export interface Query {
  readonly _tag: "Query"
  readonly client: ClientId
  readonly question: number
  readonly queries: ReadonlyArray<Uint8Array>
  readonly counted?: Counted | undefined
}

export type FromClient = Submit | Query

/**
 * A client's questions to whatever replica it comes to: answered from its state, however old, once that has
 * applied `atLeast`.
 */
export interface LocalQuery {
  readonly _tag: "LocalQuery"
  readonly client: ClientId
  readonly question: number
  readonly atLeast: Slot
  readonly queries: ReadonlyArray<Uint8Array>
}

/** Why a leader, or a replica, does not take a submission or a question. Nothing of it was done. */
export type Refusal =
  | { readonly _tag: "NotLeader"; readonly leader: string | undefined }
  | { readonly _tag: "Overloaded"; readonly retryAfterMs: number }
  | { readonly _tag: "Malformed"; readonly reason: string }
  /** The replica has applied no more than this, and did not come further in the time that it waits. */
  | { readonly _tag: "Behind"; readonly applied: Slot }

/** What became of a command. `reply` is the machine's; kept as a value until it is sent. */
export interface CommandResult {
  readonly session: SessionId
  readonly number: RequestNumber
  readonly slot: Slot
  readonly outcome: Outcome
  readonly reply: unknown
}

/**
 * - done: applied, once.
 * - session-expired: not applied now; whether an earlier sending was, is no longer known.
 * - window-exceeded: not applied; too many commands of the session are without a received reply.
 * - bad-command: not applied; the machine cannot read it.
 */
export type Outcome = "done" | "session-expired" | "window-exceeded" | "bad-command"

/** A session was opened for a client, or found open. */
export interface SessionOpened {
  readonly client: ClientId
  readonly session: SessionId
}

/** What an operator asks the leader of a group for. Asked again and again until it is done. */
export type OperatorRequest =
  /** An acceptor is to lead. */
  | { readonly _tag: "Transfer"; readonly to: NodeId }
  /** A node is to be no acceptor, until it is undrained. */
  | { readonly _tag: "Drain"; readonly node: NodeId }
  | { readonly _tag: "Undrain"; readonly node: NodeId }
  /** A node is to be an acceptor in the place of another one. */
  | { readonly _tag: "Replace"; readonly node: NodeId; readonly by: NodeId }

export type OperatorAnswer =
  | { readonly _tag: "Done"; readonly configuration: Configuration | undefined }
  /** It goes on: ask again. */
  | { readonly _tag: "Waiting"; readonly reason: string }
  | { readonly _tag: "NotLeader"; readonly leader: NodeId | undefined }
  | { readonly _tag: "Refused"; readonly reason: string }
