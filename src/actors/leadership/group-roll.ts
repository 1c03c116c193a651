/** The part of one group in the rolls of its nodes: when it rests, and what ends its rest. */
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import type { Configuration } from "../../protocol/configuration.ts"
import { type GroupId, type Replica, sameReplica } from "../../protocol/ids.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import { hearRollEntry, type RollEntry, rollEntryOf } from "../../protocol/liveness/roll.ts"
import type { NodeContext } from "../node/context.ts"
import type { Detector } from "../presence/detector.ts"
import type { Heard } from "./candidate-options.ts"
import type { Rolled } from "./roll-call.ts"
import { rollEveryMs } from "./roll-every.ts"

export interface GroupRollOptions {
  readonly group: GroupId
  readonly context: NodeContext
  readonly detector: Pick<Detector, "misses">
  readonly heard: Heard
  readonly acceptor: () => AcceptorState
  readonly leader: () => LeaderState
  /** Learns for this replica where it does not vote. */
  readonly outside: {
    readonly active: Configuration | undefined
    readonly contented: () => void
    readonly doubts: () => void
  }
  readonly candidate: { readonly look: () => void; readonly isUneasy: () => boolean }
}

/** A roll counts for so many times the time between two: one or two may be lost. */
const rollsLast = 3

/** Joins a group into the rolls. */
export const groupRoll = (options: GroupRollOptions): Rolled => {
  const { group, context, detector, heard, acceptor, leader, outside, candidate } = options
  const { self, monotonicMs: nowMs } = context
  const isMissed = (replica: Replica) => !sameReplica(replica, self) && detector.misses(replica)

  const rests = (): boolean => {
    const state = leader()
    if (state._tag === "Serving")
      return state.isSilent && !candidate.isUneasy() && !state.configuration.acceptors.some(isMissed)
    if (state._tag !== "Deposed" || heard.leader === undefined) return false
    return nowMs() < heard.restsUntilMs && !isMissed(heard.leader)
  }

  const hearRoll = (from: Replica, entry: RollEntry): void => {
    const verdict = hearRollEntry(acceptor(), outside.active, entry)
    if (verdict === "Rouse") {
      outside.doubts()
      return context.toNode(from.node, group, { _tag: "Rouse", ballot: entry.ballot })
    }
    heard.count++
    heard.leader = from
    heard.restsUntilMs = nowMs() + rollsLast * rollEveryMs.value
    if (verdict === "Content") outside.contented()
  }

  return {
    rollEntry: () => {
      const entry = rollEntryOf(group, leader(), nowMs())
      // A node does not hear its own roll.
      if (entry !== undefined) outside.contented()
      return entry
    },
    hearRoll,
    lookAfter: () => {
      if (!rests()) candidate.look()
    }
  }
}
