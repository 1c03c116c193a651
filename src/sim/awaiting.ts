/** Waiting, in virtual time, for what nobody tells. */
import { Effect } from "effect"

/** Looks again and again whether something has come, for so long at most; whether it has. */
export const awaiting = (
  hasCome: () => boolean,
  { everyMs, forMs }: { readonly everyMs: number; readonly forMs: number }
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    for (let waitedMs = 0; waitedMs < forMs; waitedMs += everyMs) {
      if (hasCome()) return true
      yield* Effect.sleep(everyMs)
    }
    return hasCome()
  })
