/** What wakes the timers of an actor: a fiber that sleeps, or what whoever owns the clock offers instead. */
import { Context, Effect } from "effect"

export interface AlarmShape {
  /**
   * Calls `ring` once, `delayMs` from now on the monotonic clock, from a task of its own; the returned
   * function withdraws it. `ring` must not throw.
   */
  readonly after: (delayMs: number, ring: () => void) => () => void
}

/** The alarm of a context: sleeps on its Clock in a fiber of its Scheduler. */
const sleepingAlarm = (context: Context.Context<never>): AlarmShape => {
  const fork = Effect.runForkWith(context)
  return {
    after: (delayMs, ring) => {
      const fiber = fork(Effect.flatMap(Effect.sleep(delayMs), () => Effect.sync(ring)))
      return () => fiber.interruptUnsafe()
    }
  }
}

/**
 * How alarms are made for a context. Replaced where a clock has something cheaper than a fiber for each, such
 * as the simulator.
 */
export const Alarm = Context.Reference<(context: Context.Context<never>) => AlarmShape>(
  "aplomb/runtime/Alarm",
  { defaultValue: () => sleepingAlarm }
)
