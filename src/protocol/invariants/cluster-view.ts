/** What the laws look at: a cluster as it stands at one instant, disks included, seen from outside. */
import type { Configuration } from "../configuration.ts"
import type { Ballot, Replica, Slot } from "../ids.ts"

/** A value by its bytes or a hash of them; equal only for equal values. */
export type ValueHash = string | number

/** The log of one replica, or the synced part of it. */
export interface LogSeen {
  readonly last: Slot
  readonly ballotAt: (slot: Slot) => Ballot | undefined
  readonly valueAt: (slot: Slot) => ValueHash | undefined
}

export interface LeaderSeen {
  readonly phase: string
  readonly configuration: Configuration
  /** What it counts as chosen; 0 before it serves. */
  readonly chosen: Slot
}

export interface NodeView {
  readonly replica: Replica
  /** Of the acceptor in memory; of its disk, where the process is down. */
  readonly promised: Ballot
  readonly durablePromised: Ballot
  readonly log: LogSeen
  readonly synced: LogSeen
  /** The log and its synced part are as at the last look below this slot. 1 is always true. */
  readonly changedFrom: Slot
  /** Known as chosen here. */
  readonly chosen: Slot
  readonly applied: Slot
  /** The state after `applied`; undefined where nothing is applied. */
  readonly stateHash: ValueHash | undefined
  readonly leader: LeaderSeen | undefined
}

export interface ClusterView {
  readonly nodes: ReadonlyArray<NodeView>
  /** Every configuration that the master has activated, smaller generations included, in order. */
  readonly activated: ReadonlyArray<Configuration>
}

/**
 * A law of the protocol. `watch` begins one observation of one cluster: the function that it returns is to be
 * called after every event, remembers what it has to, and answers with a sentence where the law is broken.
 */
export interface Law {
  readonly name: string
  /** Where docs/protocol states it. */
  readonly section: string
  readonly watch: () => (view: ClusterView) => string | undefined
}
