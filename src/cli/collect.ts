/** Collects garbage while a node starts, so that it does not keep for ever the memory that only its start needed. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect } from "effect"

type Collect = (options: { readonly type: "minor" | "major" }) => void

/** The collector of this process, which is not on display without a flag. */
const exposedCollector = (): Collect => {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc") as Collect
}

const everyMs = 5

/**
 * Runs the start of a node. It reads its segments window by window, to the end: left to themselves, tens of megabytes of windows
 * wait for a collection, and the C library never gives the memory of all of them back.
 */
export const collectingMeanwhile = <A, E, R>(start: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const collect = exposedCollector()
    const always = Effect.forever(
      Effect.andThen(
        Effect.sleep(everyMs),
        Effect.sync(() => collect({ type: "minor" }))
      )
    )
    return Effect.raceFirst(start, always).pipe(
      Effect.tap(() => Effect.sync(() => collect({ type: "major" })))
    )
  })
