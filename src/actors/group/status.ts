/** What a node tells of one of its groups, to people and to those who catch up. */
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import { type Configuration, isAcceptorOf } from "../../protocol/configuration.ts"
import { noBallot, noSlot, type Slot, slotMax } from "../../protocol/ids.ts"
import { leads } from "../../protocol/leader/leader.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import type { CatchUpSource } from "../catch-up/catch-up.ts"
import type { GroupLog } from "../log/group-log.ts"
import { type GroupConfig, sizeOf } from "../node/config.ts"
import type { SnapshotStatus, Snapshots } from "../snapshots/snapshots.ts"

/** What a node tells of one of its groups. */
export interface GroupStatus {
  readonly group: string
  readonly machine: string
  /** Phase of the leader here; `Learning` on a node that only learns. */
  readonly phase: string
  /** `leader`, `acceptor`, `spare` (may be made an acceptor) or `learner`. */
  readonly role: string
  /** How many acceptors the group is to have. */
  readonly size: number
  readonly promised: number
  /** The first slot that the log still holds: everything before is in a snapshot. */
  readonly first: number
  readonly last: number
  readonly chosen: number
  readonly applied: number
  readonly snapshot: SnapshotStatus
  readonly configuration:
    | {
        readonly ballot: number
        readonly generation: number
        readonly leader: string
        readonly acceptors: ReadonlyArray<string>
      }
    | undefined
}

/** The states that a status is read from. */
export interface GroupStates {
  readonly log: GroupLog
  readonly snapshots: Snapshots
  readonly acceptor: () => AcceptorState
  readonly leader: () => LeaderState
  /** The newest configuration that others have told to be active. */
  readonly active: () => Configuration | undefined
}

/** The newest configuration that this node has heard of, as acceptor or as leader. */
export const newestOf = ({ acceptor, leader }: GroupStates): Configuration | undefined => {
  const led = leads(leader())
  const { configuration } = acceptor()
  return led !== undefined && led.ballot >= (configuration?.ballot ?? noBallot) ? led : configuration
}

/** Slots through here are chosen, as far as this node knows. */
const chosenOf = ({ log, acceptor, leader }: GroupStates): Slot => {
  const state = leader()
  const counted = "chosen" in state ? state.chosen : noSlot
  return slotMax(counted, slotMax(acceptor().chosen, log.chosen))
}

/** What a node hands out of a group. */
export const sourceOf = (states: GroupStates, onAsked: CatchUpSource["onAsked"]): CatchUpSource => ({
  onAsked,
  log: states.log,
  chosen: () => chosenOf(states),
  active: () => {
    const leader = states.leader()
    return leader._tag === "Serving" ? leader.configuration : states.active()
  }
})

const roleOutside = ({ learners }: GroupConfig, node: string): string =>
  learners.includes(node) ? "learner" : "spare"

export const groupStatus = (
  group: GroupConfig,
  node: string,
  applied: Slot,
  states: GroupStates
): GroupStatus => {
  const { log } = states
  const { self } = states.acceptor()
  const known = newestOf(states)
  const votes = known === undefined ? group.acceptors.includes(node) : isAcceptorOf(known, self)
  return {
    group: group.name,
    machine: group.machine,
    phase: votes ? states.leader()._tag : "Learning",
    role: votes ? (states.leader()._tag === "Serving" ? "leader" : "acceptor") : roleOutside(group, node),
    size: sizeOf(group),
    promised: log.promised,
    first: log.first,
    last: log.last,
    chosen: chosenOf(states),
    applied,
    snapshot: states.snapshots.status(),
    configuration: known && {
      ballot: known.ballot,
      generation: known.generation,
      leader: known.leader.node,
      acceptors: known.acceptors.map((member) => member.node)
    }
  }
}
