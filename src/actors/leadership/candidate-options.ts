/** What a candidate is given, for its parts. */
import { type Effect, Random } from "effect"
import type { GroupId, Replica } from "../../protocol/ids.ts"
import type { LeaderInput, LeaderSettings } from "../../protocol/leader/input.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import type { MasterStateLost } from "../master/register-errors.ts"
import type { GroupConfig, NodeConfig } from "../node/config.ts"
import type { NodeContext } from "../node/context.ts"
import type { Detector } from "../presence/detector.ts"
import type { Presence } from "../presence/presence.ts"

/** What this node has heard of leaders of the group: how many messages, and from whom the newest. */
export interface Heard {
  count: number
  leader: Replica | undefined
  /** Rolls have named it, by which it rests until then: nobody needs to look after it. */
  restsUntilMs: number
}

export interface CandidateOptions {
  readonly name: string
  readonly group: GroupId
  /** The first of the first acceptors bootstraps the group and leads it then. */
  readonly first: Pick<GroupConfig, "acceptors" | "minAcceptors">
  readonly context: NodeContext
  readonly presence: Presence
  readonly detector: Detector
  readonly settings: LeaderSettings
  readonly times: Pick<NodeConfig, "failureTimeoutMs" | "slowBackupMs">
  readonly heard: Heard
  readonly leader: () => LeaderState
  readonly toLeader: (input: LeaderInput) => void
  /** The master knows of no configuration, and an acceptor has promised a ballot: this node must stop. */
  readonly onFailure: (failure: MasterStateLost) => void
}

/** Names the requests of one attempt, unlike those of any other, life or node. */
export const tokenOf = (self: Replica, random: Random.Random): string =>
  `${self.node}/${random.nextIntUnsafe()}/${random.nextIntUnsafe()}`

export const newToken = (self: Replica): Effect.Effect<string> =>
  Random.Random.useSync((random) => tokenOf(self, random))

type Timed = Pick<CandidateOptions, "settings" | "context">

/**
 * How much longer than the one before it an acceptor waits for its turn: by then it has to see what that one
 * was issued, which masters that are far from each other take three rounds for.
 */
export const staggerMs = ({ settings, context }: Timed): number =>
  Math.max(2 * settings.heartbeatIntervalMs, 4 * context.master.paceMs())

/**
 * How long a ballot that somebody was issued is left to it. To make it the active one takes a round to its
 * acceptors and three of masters, and as many as may be where others ask them, too.
 */
export const attemptMs = ({ settings, context }: Timed): number =>
  Math.max(5 * settings.heartbeatIntervalMs, 8 * context.master.paceMs())
