/** The acceptor of a group as an actor: what waits is one turn, one write, one acknowledgement. */
import { Effect } from "effect"
import { type AcceptorState, acceptorStep, debtDue, leaseWaited } from "../protocol/acceptor/acceptor.ts"
import { freshGrants } from "../protocol/acceptor/lease.ts"
import { type Replica, type Slot, slotMax } from "../protocol/ids.ts"
import { type Installed, installStep, type Learned, learnStep } from "../protocol/membership/outsider.ts"
import type { ToAcceptor } from "../protocol/messages.ts"
import type { Step, TimerName } from "../protocol/step.ts"
import type { ActorContext } from "../runtime/actor-handle.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import type { WalFailure } from "../runtime/storage/errors.ts"
import { crash } from "../runtime/supervisor.ts"
import { type Hands, Turn } from "./interpret.ts"
import type { GroupLog } from "./log/group-log.ts"

export type AcceptorMessage =
  | { readonly _tag: "FromLeader"; readonly from: Replica; readonly message: ToAcceptor }
  /** A lease that a Prepare waits for may have ended, or an acknowledgement has waited long enough. */
  | { readonly _tag: "TimerFired"; readonly timer: TimerName }

export interface AcceptorOptions {
  readonly name: string
  readonly self: Replica
  readonly log: GroupLog
  readonly hands: Omit<Hands, "setTimer" | "cancelTimer">
  /** Applied when the node starts, hence chosen. */
  readonly applied: Slot
  /** The longest lease that it grants. */
  readonly leaseDurationMs: number
  /** The monotonic clock of the node. */
  readonly nowMs: () => number
  /** A write failed. This replica must not go on. */
  readonly onFailure: (failure: WalFailure) => void
}

const stepOf = (state: AcceptorState, log: GroupLog, message: AcceptorMessage, nowMs: number) => {
  if (message._tag === "FromLeader") return acceptorStep(state, log, message.from, message.message, nowMs)
  return message.timer === "owed" ? debtDue(state, nowMs) : leaseWaited(state, log, nowMs)
}

/** Spawns the acceptor. A crash is not repaired by a restart: its memory and its disk may disagree. */
export const spawnAcceptor = Effect.fnUntraced(function* (options: AcceptorOptions) {
  const { log, nowMs, leaseDurationMs } = options
  const handsOf = ({ timers }: ActorContext<AcceptorMessage>): Hands => ({
    ...options.hands,
    setTimer: (timer, afterMs) => timers.set(timer, afterMs, { _tag: "TimerFired", timer }),
    cancelTimer: (timer) => {
      timers.cancel(timer)
    }
  })
  let state: AcceptorState = {
    self: options.self,
    promised: log.promised,
    chosen: slotMax(log.chosen, options.applied),
    configuration: undefined,
    grants: freshGrants(leaseDurationMs, log.leaseNotedMs, nowMs())
  }
  const actor = yield* spawnBatch<AcceptorMessage>({
    name: options.name,
    mailbox: { capacity: 65_536 },
    supervision: crash,
    receive: (batch, context) => {
      const turn = new Turn(handsOf(context), log)
      // Read when all of the batch was here already: what is promised now outlasts what its leader counts.
      const readMs = nowMs()
      for (const each of batch) {
        const step = stepOf(state, log, each, readMs)
        state = step.state
        turn.take(step.outputs)
      }
      turn.end(options.onFailure)
    }
  })
  const take = (step: Step<AcceptorState>): void => {
    // What is learned sets no timers.
    const turn = new Turn({ ...options.hands, setTimer: () => {}, cancelTimer: () => {} }, log)
    state = step.state
    turn.take(step.outputs)
    turn.end(options.onFailure)
  }
  /** Takes in chosen entries; the core refuses them where this replica votes. */
  const learn = (learned: Learned): void => take(learnStep(state, log, learned))
  /** Puts a snapshot under the log; false where the core refuses it. */
  const install = (installed: Installed): boolean => {
    take(installStep(state, log, installed))
    return log.base.slot === installed.base.slot
  }
  return { actor, state: () => state, learn, install }
})
