/** Files that commands write because they were asked to. */
import { Effect } from "effect"
import { type CommandFailed, usageFailure } from "./failure.ts"

/** Runs what writes to `path`, and says in a sentence where that cannot be. */
export const writing = <A>(path: string, write: () => A): Effect.Effect<A, CommandFailed> =>
  Effect.try({
    try: write,
    catch: (cause) => usageFailure(`${path} cannot be written: ${(cause as Error).message}`)
  })
