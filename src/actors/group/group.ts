/** One group on one node: its log, acceptor, leader and learner, wired to each other and to the bus. */
import { Effect, Random } from "effect"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import { type GroupId, type NodeId, type Replica, type Slot, slotPlus } from "../../protocol/ids.ts"
import type { LeaderInput, LeaderSettings } from "../../protocol/leader/input.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import type { AnyMachine } from "../../protocol/learner/machine.ts"
import type { ReplicaState } from "../../protocol/learner/replica.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import type { Packet } from "../../wire/packet.ts"
import type { CatchUpSource } from "../catch-up/catch-up.ts"
import { Outsider } from "../catch-up/outsider.ts"
import { spawnCandidate } from "../leadership/candidate.ts"
import { type Heard, tokenOf } from "../leadership/candidate-options.ts"
import { groupRoll } from "../leadership/group-roll.ts"
import { Members } from "../leadership/members.ts"
import type { Rolled } from "../leadership/roll-call.ts"
import type { GroupLog } from "../log/group-log.ts"
import type { MasterStateLost } from "../master/register-errors.ts"
import { type GroupConfig, holdersOf, type NodeConfig } from "../node/config.ts"
import type { NodeContext } from "../node/context.ts"
import { endingNode, endNode, type RoleCrashed } from "../node/end-node.ts"
import type { Detector } from "../presence/detector.ts"
import type { Presence } from "../presence/presence.ts"
import type { Snapshots } from "../snapshots/snapshots.ts"
import type { SnapshotStore } from "../snapshots/store.ts"
import type { SnapshotSource } from "../snapshots/transfer.ts"
import { route } from "./hands.ts"
import { leaderSettings } from "./leader-settings.ts"
import { announcing } from "./roles.ts"
import { spawnRoles } from "./spawn.ts"
import { type GroupStatus, groupStatus, newestOf, sourceOf } from "./status.ts"

export type GroupFailure = WalFailure | RoleCrashed | MasterStateLost

export interface GroupOptions {
  readonly config: NodeConfig
  readonly group: GroupConfig
  readonly machine: AnyMachine
  readonly log: GroupLog
  readonly store: SnapshotStore
  /** Frees what of the node's log is needed no more. */
  readonly compact: Effect.Effect<void>
  readonly context: NodeContext
  readonly presence: Presence
  readonly detector: Detector
  readonly onFailure: (failure: GroupFailure) => void
  readonly onPhase: (group: string, phase: string) => void
  readonly onParts: (parts: GroupParts) => void
}

/** The live parts of a group on one node, for those who watch over a run. They must only be looked at. */
export interface GroupParts {
  readonly group: GroupId
  readonly self: Replica
  readonly log: GroupLog
  readonly replica: ReplicaState
  /** The monotonic clock of the node. */
  readonly nowMs: () => number
  readonly acceptor: () => AcceptorState
  readonly leader: () => LeaderState
  /**
   * Has this node ask for a ballot of its own with these acceptors. Nothing happens while it leads, or asks
   * already.
   */
  readonly campaign: (token: string, acceptors: ReadonlyArray<Replica>) => void
  /** Has this node, where it leads, finish what is in flight and hand over to another acceptor. */
  readonly handOver: (to: Replica) => void
}

export interface Group extends SnapshotSource {
  /** Takes a packet that is for this group. */
  readonly take: (packet: Packet) => void
  readonly status: () => GroupStatus
  /** What it hands out to those who catch up. */
  readonly source: CatchUpSource
  readonly members: Members
  /** Who leads, as far as this node knows. */
  readonly leaderHint: () => NodeId | undefined
  /** Its part in the rolls. */
  readonly rolled: Rolled
  /** Has a snapshot made soon and the whole log behind it cut off: other groups need the room. */
  readonly demandSnapshot: () => void
}

/** Spawns the roles of a group in the scope. */
export const spawnGroup = Effect.fnUntraced(function* (options: GroupOptions) {
  const { config, group, machine, log, context, compact, onFailure } = options
  const { self, monotonicMs: nowMs } = context
  const id = group.name as GroupId
  const heard: Heard = { count: 0, leader: undefined, restsUntilMs: 0 }
  const announce = announcing(id, context, () => leader.state())
  let look = () => {}
  const onPhase = (phase: LeaderState["_tag"]) => {
    options.onPhase(group.name, phase)
    announce()
    look()
  }
  const { replica, acceptor, leader, mailboxes, ...roles } = yield* spawnRoles({
    group: id,
    machine,
    log,
    context,
    store: options.store,
    compact,
    snapshotBytes: config.snapshotBytes,
    leaseDurationMs: config.leaseDurationMs,
    onFailure,
    onPhase,
    heard,
    onAccept: (accept) => outside.heard(accept)
  })
  const outside = new Outsider({
    context,
    group: id,
    sources: holdersOf(group).filter((node) => node !== self.node),
    votesAtFirst: group.acceptors.includes(self.node),
    ...roles.outsider
  })
  const toLeader = (input: LeaderInput) => mailboxes.leader(input, true)
  const settings = leaderSettings(config, machine)
  const steering = steeringOf(toLeader, settings)
  const random = yield* Random.Random
  mailboxes.takeOver = ({ acceptors }) => steering.campaign(tokenOf(self, random), acceptors)
  const states = { acceptor: acceptor.state, leader: leader.state }
  options.onParts({ group: id, self, log, replica, nowMs, ...states, ...steering })
  const candidate = yield* spawnCandidate({
    ...options,
    name: `${self.node}/${group.name}/candidate`,
    group: id,
    first: group,
    settings,
    times: config,
    heard,
    leader: leader.state,
    toLeader
  })
  look = candidate.look
  endNode(onFailure, roles.actor, acceptor.actor, leader.actor, candidate.actor)
  yield* Effect.forkScoped(endingNode(onFailure, `${self.node}/${group.name}/outsider`, outside.run))
  const shown = { log, snapshots: roles.snapshots, ...states, active: () => outside.active }
  const members = new Members({ ...options, leader: leader.state, toLeader })
  const { onAsked, onLagging } = listening(group, members, roles.snapshots)
  const rolled = groupRoll({ ...options, ...states, group: id, heard, outside, candidate })
  return {
    rolled,
    take: (packet) => route(packet, id, context, mailboxes),
    status: () => groupStatus(group, self.node, replica.applied, shown),
    source: sourceOf(shown, onAsked),
    members,
    leaderHint: () => newestOf(shown)?.leader.node,
    store: options.store,
    onLagging,
    demandSnapshot: roles.demandSnapshot
  } satisfies Group
})

/** Who is to hear of those that catch up from this node. Whoever only looks at the log is not waited for. */
const listening = (group: GroupConfig, members: Members, snapshots: Pick<Snapshots, "lags">) => {
  const holders = holdersOf(group)
  const onLagging = ({ node }: Replica, through: Slot): void => {
    if (holders.includes(node)) snapshots.lags(node, through)
  }
  const onAsked = (from: Replica, fromSlot: Slot): void => {
    members.asked(from, fromSlot)
    onLagging(from, slotPlus(fromSlot, -1))
  }
  return { onAsked, onLagging }
}

/** What others can have the leader here do. */
const steeringOf = (
  toLeader: (input: LeaderInput) => void,
  settings: LeaderSettings
): Pick<GroupParts, "campaign" | "handOver"> => ({
  campaign: (token, acceptors) => toLeader({ _tag: "Start", token, acceptors, settings }),
  handOver: (to) => toLeader({ _tag: "HandOver", to })
})
