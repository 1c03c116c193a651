/** The acceptor, leader and learner of a group on one node, and how they reach each other. */
import { Effect } from "effect"
import type { Configuration } from "../../protocol/configuration.ts"
import type { NodeId } from "../../protocol/ids.ts"
import { holdsLease } from "../../protocol/leader/held-lease.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import type { WalFailure } from "../../runtime/storage/errors.ts"
import { spawnAcceptor } from "../acceptor.ts"
import { spawnLeader } from "../leader.ts"
import type { RoleCrashed } from "../node/end-node.ts"
import { groupHands, type Mailboxes } from "./hands.ts"
import { type ReplicaOptions, spawnReplica } from "./replica.ts"
import { type Connected, connect } from "./roles.ts"

export interface RolesOptions
  extends Pick<Connected, "heard" | "onAccept">,
    Omit<ReplicaOptions, "name" | "leads" | "askByRound"> {
  /** The longest lease that the acceptor grants. */
  readonly leaseDurationMs: number
  readonly onFailure: (failure: WalFailure | RoleCrashed) => void
  readonly onPhase: (phase: LeaderState["_tag"]) => void
}

/** Spawns the three roles. What comes for them goes into `mailboxes`, whose `takeOver` is the caller's. */
export const spawnRoles = Effect.fnUntraced(function* (options: RolesOptions) {
  const { group, context, log, leaseDurationMs, onFailure, onPhase, heard, onAccept } = options
  const { self, monotonicMs: nowMs, wallMs } = context
  const name = (role: string) => `${self.node}/${group}/${role}`
  // The roles tell each other through these; they are filled in as the actors come up.
  const mailboxes: Mailboxes = {
    acceptor: () => {},
    leader: () => false,
    learner: () => false,
    takeOver: () => {}
  }
  const spawned = yield* spawnReplica({
    ...options,
    name: name("learner"),
    leads: (ballot) => holdsLease(leader.state(), ballot, nowMs()),
    askByRound: (queries) => void mailboxes.leader({ _tag: "AskByRound", queries }, true)
  })
  const { learn, replica } = spawned
  const leaderHint = () => acceptor.state().configuration?.leader.node
  const hands = groupHands(group, context, mailboxes, learn, leaderHint)
  const common = { self, log, hands, nowMs }
  const { applied } = replica
  const acceptor = yield* spawnAcceptor({
    ...common,
    name: name("acceptor"),
    applied,
    leaseDurationMs,
    onFailure
  })
  const leader = yield* spawnLeader({ ...common, name: name("leader"), wallMs, onPhase })
  mailboxes.learner = (query) => spawned.actor.offerUnsafe(query)
  connect(mailboxes, { acceptor: acceptor.actor, leader: leader.actor, heard, onAccept })
  /** Pulls a snapshot from a node and puts it under all three; false where nothing came of it. */
  const install = (node: NodeId, active: Configuration | undefined) =>
    spawned.install(node, (base) => acceptor.install({ _tag: "Installed", active, base }))
  const outsider = { acceptor: acceptor.state, learn: acceptor.learn, last: () => log.last, install }
  return { ...spawned, mailboxes, acceptor, leader, outsider }
})
