/** What happens to a leader, and the settings it acts by. */
import type { Ballot, Replica } from "../ids.ts"
import type { FromAcceptor, FromClient, MasterReply, Query } from "../messages.ts"
import type { TimerName } from "../step.ts"

/** Sizes and intervals of a leader. */
export interface LeaderSettings {
  readonly heartbeatIntervalMs: number
  /** The lease that it asks its acceptors for; 0: it reads by rounds. */
  readonly leaseDurationMs: number
  /** It falls silent when nobody has wanted anything of it for so long; 0: never. */
  readonly quietAfterMs: number
  /** By what part another node's clock may run faster than its own. */
  readonly maxClockDrift: number
  /** What is in flight when it is to hand over has this long to be chosen. */
  readonly handOverWithinMs: number
  readonly retransmitAfterMs: number
  readonly masterRetryMs: number
  /** Sessions without a sign of life for this long are forgotten; it goes into the log with each ballot. */
  readonly sessionTtlMs: number
  /** One Accept carries about this much. */
  readonly batchMaxBytes: number
  /** A larger submission is refused: as a batch of its own it would not fit a message of the bus. */
  readonly submissionMaxBytes: number
  /** Batches in flight. A small window beats a large one: the next batch grows while these are out. */
  readonly windowMax: number
  /** Submissions that wait beyond this are refused as Overloaded. */
  readonly pendingMaxBytes: number
  /** Where the oldest submission waits for longer than this, more are refused as Overloaded. */
  readonly pendingMaxMs: number
  /** Questions that wait beyond this are refused as Overloaded. */
  readonly questionsMax: number
  /** Whether the group's machine can tell a reply in advance, so that acceptors tell a lone client too. */
  readonly foretells: boolean
  /** Chunk of the log for an acceptor that is behind. */
  readonly chunkMaxBytes: number
}

export const defaultLeaderSettings: LeaderSettings = {
  heartbeatIntervalMs: 50,
  // Leases and silence need a clock that runs: whoever has one says how long they are.
  leaseDurationMs: 0,
  quietAfterMs: 0,
  maxClockDrift: 0.01,
  handOverWithinMs: 1000,
  retransmitAfterMs: 100,
  masterRetryMs: 250,
  sessionTtlMs: 60_000,
  batchMaxBytes: 256 * 1024,
  submissionMaxBytes: 1000 * 1024,
  windowMax: 2,
  pendingMaxBytes: 32 * 1024 * 1024,
  pendingMaxMs: 1000,
  questionsMax: 65_536,
  foretells: false,
  chunkMaxBytes: 256 * 1024
}

export type LeaderInput =
  /**
   * Asks for a new ballot. `token` is unique over all starts of all leaders: it names the requests to the
   * master.
   */
  | {
      readonly _tag: "Start"
      readonly token: string
      readonly acceptors: ReadonlyArray<Replica>
      readonly settings: LeaderSettings
    }
  /**
   * Asks for a ballot of its own with other acceptors, while it leads or is on its way to. It serves on until
   * the ballot is issued, and keeps what clients have given it; `token` is as in `Start`.
   */
  | { readonly _tag: "Reconfigure"; readonly token: string; readonly acceptors: ReadonlyArray<Replica> }
  | { readonly _tag: "FromMaster"; readonly reply: MasterReply }
  | { readonly _tag: "FromAcceptor"; readonly from: Replica; readonly message: FromAcceptor }
  | FromClient
  /** Questions that could not be answered under a lease. */
  | { readonly _tag: "AskByRound"; readonly queries: ReadonlyArray<Query> }
  /**
   * Another acceptor of its ballot is to lead: it finishes what is in flight, and steps down for that one.
   */
  | { readonly _tag: "HandOver"; readonly to: Replica }
  /** Somebody does not know what it knows: where it is silent in this ballot, it speaks again. */
  | { readonly _tag: "Rouse"; readonly ballot: Ballot }
  /** All that waited has been given: send what has gathered. `wallMs` is this node's wall clock. */
  | { readonly _tag: "Flush"; readonly wallMs: number }
  | { readonly _tag: "TimerFired"; readonly timer: TimerName }
