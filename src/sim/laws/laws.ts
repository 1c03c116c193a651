/**
 * Laws: what must hold after every event of a run. A law sees facts about all nodes, their disks included, as
 * they change.
 */
import type { GroupParts } from "../../actors/group/group.ts"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import type { Configuration } from "../../protocol/configuration.ts"
import type { LeaderState, Serving } from "../../protocol/leader/state.ts"
import type { Base } from "../../protocol/log/view.ts"
import type { Kept } from "../../protocol/master/cas-paxos.ts"
import type { MasterState } from "../../protocol/master/master.ts"
import type { FromAcceptor } from "../../protocol/messages.ts"
import type { Caller } from "../oracle/callers.ts"
import type { EntryLog } from "../oracle/entries.ts"
import type { GroupOnDisk } from "../oracle/group-on-disk.ts"
import type { Acknowledgement, Ledger } from "../oracle/ledger.ts"
import type { SnapshotOnDisk } from "../oracle/snapshots.ts"

/** A law that a run broke. */
export class LawBroken extends Error {
  readonly law: string
  readonly section: string

  constructor(law: string, section: string, message: string) {
    super(`${law} (${section}): ${message}`)
    this.name = "LawBroken"
    this.law = law
    this.section = section
  }
}

/** A group on one node, in one life of its process. */
export interface WatchedGroup {
  readonly node: string
  readonly life: number
  /** Node and storage: who it is to the protocol. */
  readonly replica: string
  readonly parts: GroupParts
  /** What its disk holds, as far as it was read; `catchUp` reads on. */
  readonly disk: GroupOnDisk
  readonly catchUp: () => void
  /** The number that its disk gives the group in the log. */
  readonly numberOnDisk: number | undefined
  /** Durable frames of its node's log, as far as it was read. */
  readonly frames: () => number
  /** The sound snapshots on its disk now. */
  readonly snapshots: () => ReadonlyArray<SnapshotOnDisk>
}

/** What is known of one group in all. */
export interface Facts {
  readonly group: string
  /** The entries that some leader has counted as chosen. */
  readonly chosen: EntryLog
  /** As it is on the master's disk. */
  readonly master: MasterState | undefined
  /** Each replica that ever was, in its latest life. */
  readonly replicas: ReadonlyMap<string, WatchedGroup>
  /** Those that run now. */
  readonly running: ReadonlyMap<string, WatchedGroup>
  /** By slot from 1: the command that was applied there first, hashed; absent where there was none. */
  readonly commands: ReadonlyArray<number | undefined>
  readonly ledger: Ledger
  /** As the group is configured: it is to stop rather than go on with fewer. */
  readonly minAcceptors: number
  /** As it was when `onTime` was told last. */
  readonly reach: Reached
}

/** Whom clients of a group can reach. */
export interface Reached {
  /** Who serves the active ballot, with nothing under way that it cannot finish. */
  readonly leader: WatchedGroup | undefined
  /** Since when a client reaches the leader without a break; undefined where it does not. */
  readonly sinceMs: (caller: Caller) => number | undefined
}

/** A command that a replica has just applied. */
export interface Applied {
  readonly node: string
  readonly life: number
  readonly slot: number
  /** The time of the log at this slot. */
  readonly atMs: number
  readonly command: number
  /** Hash of all that goes in and of the reply. */
  readonly fingerprint: number
  /** Hash of the whole state after it; only now and then. */
  readonly state: number | undefined
}

/** What a law listens to. */
export interface LawWatch {
  /** A group has come up: with what the node remembers. */
  readonly onUp?: (of: WatchedGroup) => void
  readonly onAcceptor?: (of: WatchedGroup, before: AcceptorState, after: AcceptorState) => void
  readonly onLeader?: (of: WatchedGroup, before: LeaderState, after: LeaderState) => void
  /** A serving leader has done something; it stands as `parts.leader()` says. */
  readonly onServing?: (of: WatchedGroup) => void
  /** A serving leader has counted slots `from .. through` as chosen, in this state. */
  readonly onChosen?: (of: WatchedGroup, leader: Serving, from: number, through: number) => void
  /** A replica has applied through its `applied`. */
  readonly onAppliedThrough?: (of: WatchedGroup) => void
  readonly onApplied?: (applied: Applied) => void
  readonly onMaster?: (before: MasterState | undefined, after: MasterState) => void
  /**
   * The masters have new disks and begin with a copy of an earlier state: `isAgain` where it is not the first
   * time that they begin with this one. What comes next to `onMaster` is what they made of it.
   */
  readonly onBroughtBack?: (isAgain: boolean) => void
  /** A keeper's part in the register of several masters has become durable on the disk of a replica. */
  readonly onKept?: (replica: string, kept: Kept) => void
  readonly onActivated?: (configuration: Configuration) => void
  /** An acceptor's answer has left its node. */
  readonly onAnswer?: (of: WatchedGroup, message: FromAcceptor) => void
  /** A durable suffix of the log is about to be replaced. */
  readonly onReplaced?: (of: WatchedGroup, first: number) => void
  /** It is durable on a node that its log begins behind this slot. */
  readonly onCut?: (of: WatchedGroup, base: Base, fromElsewhere: boolean) => void
  /** A node removes something from its disk that stands nowhere else in its log, and is needed. */
  readonly onForgotten?: (of: WatchedGroup, what: string) => void
  /** A node has removed a segment of its log. */
  readonly onShortened?: (of: WatchedGroup) => void
  /** These slots have become durable on a node. */
  readonly onDurable?: (of: WatchedGroup, first: number, last: number) => void
  /** A client sends a command, hashed, under this number of a session; once or again. */
  readonly onSubmitted?: (client: string, session: number, number: number, command: number) => void
  readonly onAcknowledged?: (acknowledgement: Acknowledgement) => void
  /** Some hundredths of a virtual second have gone by since it was last told; `nowMs` is true time. */
  readonly onTime?: (nowMs: number) => void
  /** The run is over, everything is whole, and nothing is on the way. */
  readonly atEnd?: () => void
}

/**
 * What must hold of a group of a cluster, whatever happens: `.laws(...protocolLaws, mine)` of a simulation.
 * `protocolLaws` are what a simulation with a cluster has by itself.
 *
 * @example
 * const few = law("few slots: no more than a thousand are chosen", "", (facts, broken) => ({
 *   onChosen: () => {
 *     if (facts.chosen.last > 1000) broken(`slot ${facts.chosen.last} was chosen`)
 *   }
 * }))
 */
export interface Law {
  readonly name: string
  /** Where it is written. */
  readonly section: string
  /** Begins to watch one group. `broken` ends the run. */
  readonly watch: (facts: Facts, broken: (message: string) => never) => LawWatch
}

/** A law and where it is written; the name says what holds. */
export const law = (name: string, section: string, watch: Law["watch"]): Law => ({ name, section, watch })
