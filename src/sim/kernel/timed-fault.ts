/** Faults that come and go: how often they strike, how long they last, and the loop that does it. */
import { Effect } from "effect"
import type { CountedRandom } from "./random.ts"

/** From `min` to `max`, both included; equal ends leave nothing to chance. */
export interface Span {
  readonly min: number
  readonly max: number
}

export const drawSpan = (random: CountedRandom, span: Span): number => random.range(span.min, span.max)

/** When faults strike, and for how long. */
export interface TimedFault {
  /** Virtual milliseconds between one strike and the next, on average; 0 switches the family off. */
  readonly everyMs: number
  /** How long a strike lasts, in virtual milliseconds. */
  readonly durationMs: Span
}

/** Says of each strike, when it is due, whether it is to be. */
export type StrikeGate = () => boolean

let gate: StrikeGate = () => true

/**
 * The timed faults that `make` makes ask this gate before each strike. It holds for this one call, which
 * cannot be left and come back to: runs in one process do not meet each other's, not even one within another.
 */
export const gatedBy = <A>(asked: StrikeGate, make: () => A): A => {
  const before = gate
  gate = asked
  try {
    return make()
  } finally {
    gate = before
  }
}

/** The gate in force, for faults that keep a time of their own. */
export const currentGate = (): StrikeGate => gate

/**
 * Strikes again and again for ever: waits half to one and a half times `everyMs`, then runs `strike` with a
 * drawn duration.
 * `strike` returns when what it broke is whole again. Fork it in the world and interrupt it to end the chaos;
 * a strike under way then undoes what it did, if it says so with `Effect.ensuring`. Without a rate it draws
 * nothing.
 *
 * Faults of one's own that are made so, within `begin` of their family, are named strike by strike in
 * `struck` of a result, and shrinking leaves out single ones.
 *
 * @example
 * const stalls: FaultFamily = {
 *   name: "stalls",
 *   share: 0.5,
 *   begin: ({ random, processes }) =>
 *     timedFault(random, { everyMs: 2_000, durationMs: { min: 10, max: 500 } }, (durationMs) =>
 *       Effect.sync(() => processes.get("store")!.disk.stall(durationMs * 1000))
 *     )
 * }
 */
export const timedFault = (
  random: CountedRandom,
  settings: TimedFault,
  strike: (durationMs: number) => Effect.Effect<void>
): Effect.Effect<never> => {
  if (settings.everyMs <= 0) return Effect.never
  const isDue = gate
  return Effect.forever(
    Effect.suspend(() => {
      const wait = random.range(Math.ceil(settings.everyMs / 2), Math.ceil(settings.everyMs * 1.5))
      return Effect.sleep(wait).pipe(
        Effect.andThen(
          Effect.suspend(() => {
            const durationMs = drawSpan(random, settings.durationMs)
            return isDue() ? strike(durationMs) : Effect.void
          })
        )
      )
    })
  )
}
