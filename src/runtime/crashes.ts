/** What went wrong in actors: a hook that hears of each crash, and the end of what nobody takes care of. */
import { Cause, Context, Effect } from "effect"
import { ActorEscalated } from "./errors.ts"

export interface ActorCrash {
  readonly actor: string
  readonly cause: Cause.Cause<unknown>
  /**
   * What supervision makes of it: the actor `restarts`, `stops`, or `escalates`. It `goes on` where `onStop`
   * or a callback failed, which ends nothing.
   */
  readonly then: "restarts" | "stops" | "escalates" | "goes on"
}

/**
 * The hook for crashes of actors, called synchronously in the fiber of the actor. The default does nothing:
 * crashes are logged and counted in `aplomb_actor_failures` either way. A hook that throws is ignored.
 *
 * @example
 * ```ts
 * const seen: Array<ActorCrash> = []
 * const noted = Effect.provideService(program, Crashes, (crash) => seen.push(crash))
 * ```
 */
export const Crashes = Context.Reference<(crash: ActorCrash) => void>("aplomb/runtime/Crashes", {
  defaultValue: () => () => undefined
})

/**
 * Ends the process, by an exception that nobody catches, from a task of its own: an actor without a parent
 * has crashed for good, and nobody watches its end. To go on without it would look as if all were well.
 */
export const endProcess = (actor: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.withFiber((fiber) =>
    Effect.sync(() =>
      fiber.currentDispatcher.scheduleTask(() => {
        throw new ActorEscalated({ actor, reason: Cause.pretty(cause) })
      }, 0)
    )
  )
