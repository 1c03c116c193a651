/**
 * Defects of a process that nobody would hear of: of its actors, whatever their supervision, and of fibers.
 */
import { Cause, type Context, type Exit, type Metric, Result } from "effect"
import type { ActorCrash } from "../../runtime/crashes.ts"

/** A bug that showed itself: something threw, or died. */
export interface Defect {
  /** The actor; undefined where a fiber has ended of it. */
  readonly actor: string | undefined
  readonly thrown: unknown
}

export type Hears = (defect: Defect) => void

/** Hears of the crashes of actors that are defects; what failed as a type says is left to supervision. */
export const crashesHeard =
  (hears: Hears) =>
  ({ actor, cause }: ActorCrash): void => {
    const found = Cause.findDefect(cause)
    if (Result.isSuccess(found)) hears({ actor, thrown: found.success })
  }

/**
 * Hears of the defects by which fibers end, but for the one that has `main` as its context: whoever started
 * that observes it. Effect tells the service of its metrics of the end of each fiber, and nobody else.
 */
export const fibersHeard = (
  hears: Hears,
  main: () => Context.Context<never>
): Metric.FiberRuntimeMetricsService => ({
  recordFiberStart: () => undefined,
  recordFiberEnd: (context: Context.Context<never>, exit: Exit.Exit<unknown, unknown>) => {
    if (exit._tag === "Success" || context === main()) return
    const found = Cause.findDefect(exit.cause)
    if (Result.isSuccess(found)) hears({ actor: undefined, thrown: found.success })
  }
})
