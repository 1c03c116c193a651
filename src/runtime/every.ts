/** What is done again and again beside the actors, without a fiber that wakes up for it. */
import { Context, Effect } from "effect"
import { Alarm } from "./alarm.ts"

/**
 * Does `act` every `everyMs`, first after that time, from a task of its own and never in two at once; a pause
 * that took longer is not made up for. Ends only by interruption, or by a defect where `act` throws.
 *
 * @example
 * ```ts
 * const program = Effect.forkScoped(every(1000, () => console.log("still here")))
 * ```
 */
export const every = (everyMs: number, act: () => void): Effect.Effect<never> =>
  Effect.withFiber((fiber) => {
    const alarms = Context.get(fiber.context, Alarm)(fiber.context)
    return Effect.callback<never>((resume) => {
      let isOver = false
      const ring = () => {
        if (isOver) return
        try {
          act()
        } catch (error) {
          return resume(Effect.die(error))
        }
        // It may have ended this very fiber.
        if (!isOver) withdraw = alarms.after(everyMs, ring)
      }
      let withdraw = alarms.after(everyMs, ring)
      return Effect.sync(() => {
        isOver = true
        withdraw()
      })
    })
  })
