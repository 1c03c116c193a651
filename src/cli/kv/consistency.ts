/** How fresh what a command of `aplomb kv` reads has to be. */
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import type { Consistency } from "../../client/call-options.ts"
import { type CommandFailed, usageFailure } from "../failure.ts"
import { countFlag } from "../flags.ts"

export const readFlags = {
  stale: Flag.Boolean("stale").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Read from whatever replica answers first, however far behind it is")
  ),
  atLeast: countFlag("at-least", { min: 0 }).pipe(
    Flag.optional,
    Flag.withDescription("Read from whatever replica has come to this slot; a revision is one")
  )
}

export const consistencyOf = (
  stale: boolean,
  atLeast: Option.Option<number>
): Effect.Effect<Consistency, CommandFailed> => {
  if (Option.isNone(atLeast)) return Effect.succeed(stale ? "stale" : "linearizable")
  return stale
    ? Effect.fail(usageFailure("--stale and --at-least exclude each other: give one of them"))
    : Effect.succeed({ atLeast: atLeast.value })
}
