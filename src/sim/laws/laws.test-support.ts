/** Facts made by hand, for tests of the laws. */
import type { GroupParts } from "../../actors/group/group.ts"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import type { Configuration } from "../../protocol/configuration.ts"
import { Ballot, GroupId, NodeId, type Replica, Slot, StorageId } from "../../protocol/ids.ts"
import type { LeaderState, Serving } from "../../protocol/leader/state.ts"
import { noBase } from "../../protocol/log/view.ts"
import type { MasterState } from "../../protocol/master/master.ts"
import { EntryLog } from "../oracle/entries.ts"
import { GroupOnDisk } from "../oracle/group-on-disk.ts"
import { Ledger } from "../oracle/ledger.ts"
import { Reach } from "../oracle/reach.ts"
import type { SnapshotOnDisk } from "../oracle/snapshots.ts"
import type { Facts, Law, LawWatch, WatchedGroup } from "./laws.ts"

export const replica = (node: string): Replica => ({ node: NodeId(node), storage: StorageId(`${node}-disk`) })

/** A log of entries given as ballot and hash. */
export const filled = (
  entries: EntryLog,
  ...pairs: ReadonlyArray<readonly [ballot: number, hash: number]>
) => {
  for (const [ballot, hash] of pairs) {
    entries.ballots.push(ballot)
    entries.hashes.push(hash)
  }
  return entries
}

interface NodeFacts {
  readonly disk?: ReadonlyArray<readonly [number, number]>
  readonly promised?: number
  readonly promisedOnDisk?: number
  readonly applied?: number
  readonly memoryLast?: number
  readonly leaseNotedMs?: number
  readonly numberOnDisk?: number
  readonly snapshots?: ReadonlyArray<SnapshotOnDisk>
}

export const node = (name: string, facts: NodeFacts = {}): WatchedGroup => {
  const disk = new GroupOnDisk()
  filled(disk.entries, ...(facts.disk ?? []))
  disk.promised = facts.promisedOnDisk ?? facts.promised ?? 1
  const acceptor = { self: replica(name), promised: Ballot(facts.promised ?? 1), chosen: Slot(0) }
  const log = {
    groupNumber: 1,
    leaseNotedMs: facts.leaseNotedMs ?? 0,
    base: noBase,
    first: Slot(1),
    last: Slot(facts.memoryLast ?? disk.entries.last),
    ballotAt: (slot: Slot) => disk.entries.ballots[slot - 1]
  }
  const sessions = { byId: new Map() }
  const parts = {
    group: GroupId("main"),
    self: replica(name),
    log,
    replica: { applied: Slot(facts.applied ?? 0), sessions },
    acceptor: () => acceptor as AcceptorState
  }
  return {
    node: name,
    life: 1,
    replica: `${name}/${name}-disk`,
    parts: parts as unknown as GroupParts,
    disk,
    numberOnDisk: facts.numberOnDisk ?? 1,
    catchUp: () => {},
    frames: () => 0,
    snapshots: () => facts.snapshots ?? []
  }
}

export const configuration = (ballot: number, ...names: ReadonlyArray<string>): Configuration => ({
  ballot: Ballot(ballot),
  generation: 0,
  leader: replica(names[0]!),
  acceptors: names.map(replica)
})

export const serving = (of: Configuration, chosen: number): Serving =>
  ({ _tag: "Serving", configuration: of, chosen: Slot(chosen) }) as Serving
export const idle = { _tag: "Deposed" } as LeaderState

export class FakeFacts implements Facts {
  readonly group = "main"
  readonly chosen = new EntryLog()
  readonly replicas = new Map<string, WatchedGroup>()
  readonly running = new Map<string, WatchedGroup>()
  readonly commands: Array<number | undefined> = []
  readonly ledger = new Ledger()
  master: MasterState | undefined
  readonly reach = new Reach(this)
  reaches = () => true
  minAcceptors = 1

  constructor(...nodes: ReadonlyArray<WatchedGroup>) {
    for (const of of nodes) {
      this.replicas.set(of.replica, of)
      this.running.set(of.node, of)
    }
  }
}

/** What a law says when these things happen; undefined where it is silent. */
export const verdict = (law: Law, facts: Facts, happen: (watch: LawWatch) => void): string | undefined => {
  const watch = law.watch(facts, (message) => {
    throw new Error(message)
  })
  try {
    happen(watch)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
