/** Waiting for the log as an effect. */
import { Effect } from "effect"
import type { WalFailure } from "./errors.ts"

/**
 * Asks for a sync, and waits until it is done. What `sync` does before it asks stays together with the
 * asking: no other fiber has a turn in between.
 */
export const untilSynced = (
  sync: (done: (failure: WalFailure | undefined) => void) => void
): Effect.Effect<void, WalFailure> =>
  Effect.callback((resume) =>
    sync((failure) => resume(failure === undefined ? Effect.void : Effect.fail(failure)))
  )
