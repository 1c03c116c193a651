/** The acceptor of a group as an actor: what waits is one turn, one write, one acknowledgement. */
import { Effect } from "effect"
import { type AcceptorState, acceptorStep } from "../protocol/acceptor.ts"
import type { Replica } from "../protocol/ids.ts"
import type { ToAcceptor } from "../protocol/messages.ts"
import { type Learned, learnStep } from "../protocol/outsider.ts"
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
    chosen: log.chosen,
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
  /** Takes in chosen entries; the core refuses them where this replica votes. */
  const learn = (learned: Learned): void => {
    const turn = new Turn(hands, log)
    const step = learnStep(state, log, learned)
    state = step.state
    turn.take(step.outputs)
    turn.end(options.onFailure)
  }
  return { actor, state: () => state, learn }
})
