/** How a command fails: one sentence on stderr and an exit code that says what kind of failure it was. */
import { Cause, Data } from "effect"
import { CliError } from "effect/cli"
import { messageOf } from "../runtime/message-of.ts"

/** Exit codes of all commands. */
export const exitCodes = {
  /** The answer is no: an absent key, another revision, a node that could not go on. */
  no: 1,
  /** Wrong usage, configuration or input: nothing was begun, or everything before the wrong line was done. */
  usage: 2,
  /**
   * Nobody answers: no bus, no node, no leader in time. Nothing was done by what failed; trying again is
   * safe.
   */
  unavailable: 3,
  /** Whether the last command took effect is not known. */
  indeterminate: 4,
  interrupted: 130
} as const

/**
 * A command that ends with a sentence and an exit code; an empty sentence where everything was said on
 * stdout.
 */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly reason: string
  readonly exitCode: number
}> {
  override get message(): string {
    return this.reason
  }
}

export const usageFailure = (reason: string) => new CommandFailed({ reason, exitCode: exitCodes.usage })

const byTag: Readonly<Record<string, number>> = {
  ConfigInvalid: exitCodes.usage,
  BadBusOptions: exitCodes.usage,
  Rejected: exitCodes.usage,
  Unavailable: exitCodes.unavailable,
  BusUnavailable: exitCodes.unavailable,
  BusRefused: exitCodes.unavailable,
  Indeterminate: exitCodes.indeterminate
}

const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommandFailed) return error.exitCode
  const tag = error instanceof Error && "_tag" in error ? String(error._tag) : ""
  return byTag[tag] ?? exitCodes.no
}

/** What to print on stderr and how to exit. Defects are bugs: they show where they come from. */
export const verdictOf = (
  cause: Cause.Cause<unknown>
): { readonly text: string | undefined; readonly exitCode: number } => {
  if (Cause.hasInterruptsOnly(cause)) return { text: undefined, exitCode: exitCodes.interrupted }
  const error = Cause.squash(cause)
  // What was wrong has been said already, or the help shown.
  if (CliError.isCliError(error) && error._tag === "ShowHelp")
    return { text: undefined, exitCode: error.errors.length === 0 ? 0 : exitCodes.usage }
  if (cause.reasons.some(Cause.isDieReason)) return { text: Cause.pretty(cause), exitCode: exitCodes.no }
  const text = messageOf(error)
  return { text: text === "" ? undefined : `aplomb: ${text}`, exitCode: exitCodeOf(error) }
}
