/** The clock that intervals and deadlines are measured by: nobody can set it. */
import { Clock, Effect } from "effect"

/** Milliseconds of the monotonic clock, with fractions. */
export const monotonicMs: Effect.Effect<number> = Effect.map(
  Clock.monotonicTimeNanos,
  (nanos) => Number(nanos) / 1e6
)

/** A clock that tells these milliseconds by itself: a number of nanoseconds is one more object each time. */
export interface MillisClock extends Clock.Clock {
  readonly monotonicMsUnsafe: () => number
}

/** The same for those who read it at once, from the clock of their context. */
export const readMonotonicMs = (clock: Clock.Clock & Partial<MillisClock>): number =>
  clock.monotonicMsUnsafe === undefined
    ? Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    : clock.monotonicMsUnsafe()
