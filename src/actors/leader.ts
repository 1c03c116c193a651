/** The leader of a group as an actor: one turn takes all that waits, then sends what has gathered. */
import { Effect } from "effect"
import type { Replica } from "../protocol/ids.ts"
import type { LeaderInput } from "../protocol/leader/input.ts"
import { idleLeader, leaderStep } from "../protocol/leader/leader.ts"
import type { LeaderState } from "../protocol/leader/state.ts"
import type { TimerName } from "../protocol/step.ts"
import type { ActorContext } from "../runtime/actor-handle.ts"
import { spawnBatch } from "../runtime/actor-spawn.ts"
import { crash } from "../runtime/supervisor.ts"
import { type Hands, Turn } from "./interpret.ts"
import type { GroupLog } from "./log/group-log.ts"

export interface LeaderOptions {
  readonly name: string
  readonly self: Replica
  readonly log: GroupLog
  readonly hands: Omit<Hands, "setTimer" | "cancelTimer">
  readonly wallMs: () => number
  /** The monotonic clock of the node. */
  readonly nowMs: () => number
  /** Hears of each change of phase. */
  readonly onPhase: (phase: LeaderState["_tag"]) => void
}

/** Spawns a leader that leads nothing yet: a `Start` makes it ask for a ballot. */
export const spawnLeader = Effect.fnUntraced(function* (options: LeaderOptions) {
  let state: LeaderState = idleLeader(options.self)
  const step = (turn: Turn, input: LeaderInput, nowMs: number) => {
    const before = state._tag
    const next = leaderStep(state, options.log, input, nowMs)
    state = next.state
    turn.take(next.outputs)
    if (state._tag !== before) options.onPhase(state._tag)
  }
  const actor = yield* spawnBatch<LeaderInput>({
    name: options.name,
    mailbox: { capacity: 65_536 },
    supervision: crash,
    receive: (batch, context) => {
      const turn = new Turn(handsWithTimers(options.hands, context), options.log)
      const nowMs = options.nowMs()
      for (const input of batch) step(turn, input, nowMs)
      if (state._tag === "Serving") step(turn, { _tag: "Flush", wallMs: options.wallMs() }, nowMs)
    }
  })
  return { actor, state: () => state }
})

const handsWithTimers = (hands: LeaderOptions["hands"], context: ActorContext<LeaderInput>): Hands => ({
  ...hands,
  setTimer: (timer: TimerName, afterMs: number) =>
    context.timers.set(timer, afterMs, { _tag: "TimerFired", timer }),
  cancelTimer: (timer: TimerName) => {
    context.timers.cancel(timer)
  }
})
