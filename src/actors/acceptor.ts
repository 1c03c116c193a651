/** The acceptor of a group as an actor: what waits is one turn, one write, one acknowledgement. */
import { Effect } from "effect"
import { type AcceptorState, acceptorStep } from "../protocol/acceptor.ts"
import { type Replica, type Slot, slotMax } from "../protocol/ids.ts"
import type { ToAcceptor } from "../protocol/messages.ts"
import { type Installed, installStep, type Learned, learnStep } from "../protocol/outsider.ts"
import type { Step } from "../protocol/step.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import type { WalFailure } from "../runtime/storage/errors.ts"
import { crash } from "../runtime/supervisor.ts"
import type { GroupLog } from "./group-log.ts"
import { type Hands, Turn } from "./interpret.ts"

export interface AcceptorMessage {
  readonly from: Replica
  readonly message: ToAcceptor
}

export interface AcceptorOptions {
  readonly name: string
  readonly self: Replica
  readonly log: GroupLog
  readonly hands: Omit<Hands, "setTimer" | "cancelTimer">
  /** Applied when the node starts, hence chosen. */
  readonly applied: Slot
  /** A write failed. This replica must not go on. */
  readonly onFailure: (failure: WalFailure) => void
}

/** Spawns the acceptor. A crash is not repaired by a restart: its memory and its disk may disagree. */
export const spawnAcceptor = Effect.fnUntraced(function* (options: AcceptorOptions) {
  const { log } = options
  // An acceptor sets no timers.
  const hands: Hands = { ...options.hands, setTimer: () => {}, cancelTimer: () => {} }
  let state: AcceptorState = {
    self: options.self,
    promised: log.promised,
    chosen: slotMax(log.chosen, options.applied),
    configuration: undefined
  }
  const actor = yield* spawnBatch<AcceptorMessage>({
    name: options.name,
    mailbox: { capacity: 65_536 },
    supervision: crash,
    receive: (batch) => {
      const turn = new Turn(hands, log)
      for (const { from, message } of batch) {
        const step = acceptorStep(state, log, from, message)
        state = step.state
        turn.take(step.outputs)
      }
      turn.end(options.onFailure)
    }
  })
  const take = (step: Step<AcceptorState>): void => {
    const turn = new Turn(hands, log)
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
