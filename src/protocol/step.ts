/** What a step of a core decides: the next state, and outputs in order, as data. */
import type { Configuration } from "./configuration.ts"
import type { Ballot, ClientId, NodeId, Slot } from "./ids.ts"
import type { Run } from "./log/run.ts"
import type { Base } from "./log/view.ts"
import type { FromAcceptor, MasterRequest, Query, Refusal, Synced, TakeOver, ToAcceptor } from "./messages.ts"

/** A durable fact. Records become durable in the order in which they were persisted. */
export type DurableRecord =
  | { readonly _tag: "Promised"; readonly ballot: Ballot }
  /** Everything from `run.first` on is replaced by `run`. */
  | { readonly _tag: "Appended"; readonly run: Run }
  /** A hint for the next start; may lag. */
  | { readonly _tag: "Chosen"; readonly slot: Slot }
  /** Everything through the base, an entry of the log, is cut off. */
  | { readonly _tag: "Based"; readonly base: Base }
  /** The log is this base and these runs, whatever stood before. */
  | { readonly _tag: "Rewritten"; readonly base: Base; readonly runs: ReadonlyArray<Run> }
  /** Leases granted from now on are no longer than this: after a restart they may still run for as long. */
  | { readonly _tag: "LeaseNoted"; readonly durationMs: number }

export type TimerName =
  | "heartbeat"
  | "retransmit"
  | "master-retry"
  | "prepare-retry"
  | "lease-wait"
  | "owed"
  | "hand-over"

/** Outputs that need nothing durable. */
export type Free =
  /** To one node, or the same message to several, which costs one publish. */
  | { readonly _tag: "Send"; readonly to: ReadonlyArray<NodeId>; readonly message: ToAcceptor | FromAcceptor }
  | { readonly _tag: "TellSuccessor"; readonly to: NodeId; readonly message: TakeOver }
  | { readonly _tag: "AskMaster"; readonly request: MasterRequest }
  | { readonly _tag: "SetTimer"; readonly timer: TimerName; readonly afterMs: number }
  | { readonly _tag: "CancelTimer"; readonly timer: TimerName }
  | {
      readonly _tag: "RefuseSubmit"
      readonly client: ClientId
      readonly submission: number
      readonly refusal: Refusal
    }
  /** In flight when the leader was deposed: it may take effect or not; the session finds out. */
  | { readonly _tag: "Unsettled"; readonly client: ClientId; readonly submission: number }
  | {
      readonly _tag: "RefuseQuery"
      readonly client: ClientId
      readonly question: number
      readonly refusal: Refusal
    }
  /**
   * Entries through this slot are chosen: apply them. `answer` says whether this replica answers the clients.
   */
  | { readonly _tag: "Apply"; readonly through: Slot; readonly answer: boolean }
  /**
   * Answer these from a state that has applied `slot`. With `lease`, only if this node still leads that
   * ballot under a lease when the answer has been computed; else they are to be asked again, `AskByRound`.
   */
  | {
      readonly _tag: "Answer"
      readonly slot: Slot
      readonly queries: ReadonlyArray<Query>
      readonly lease: Ballot | undefined
    }
  /** To a client whose command an Accept carried: what this acceptor has synced. */
  | { readonly _tag: "TellClient"; readonly client: ClientId; readonly message: Synced }
  /**
   * Tell the client of the command at `slot` what it will come to, if all before it has been applied: it
   * counts as done when these acceptors have synced it in this configuration's ballot.
   */
  | { readonly _tag: "Foretell"; readonly slot: Slot; readonly configuration: Configuration }
  /** A fact for traces, metrics and dashboards. Cores never log. */
  | { readonly _tag: "Note"; readonly note: Note }

/** `release` cannot leave before everything persisted so far is durable, `records` included. */
export interface Persist {
  readonly _tag: "Persist"
  readonly records: ReadonlyArray<DurableRecord>
  readonly release: ReadonlyArray<Free>
}

export type Output = Persist | Free

export type Note =
  | { readonly _tag: "PromisedNote"; readonly ballot: Ballot }
  | { readonly _tag: "LeaderPhase"; readonly ballot: Ballot; readonly phase: string }
  | { readonly _tag: "Ignored"; readonly reason: string }

export interface Step<S> {
  readonly state: S
  readonly outputs: ReadonlyArray<Output>
}

export const stay = <S>(state: S, ...outputs: ReadonlyArray<Output>): Step<S> => ({ state, outputs })

export const ignored = (reason: string): Output => ({ _tag: "Note", note: { _tag: "Ignored", reason } })
