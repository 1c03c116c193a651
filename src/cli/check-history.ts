/** `aplomb check-history`: whether a recorded history is linearizable. */
import { isUtf8 } from "node:buffer"
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { HistoryReport } from "../sim/history/command.ts"
import { CommandFailed, usageFailure } from "./failure.ts"
import { jsonFlag, timeoutFlag } from "./flags.ts"
import { printError, printJson } from "./output.ts"
import { Process } from "./process.ts"
import { allOfStdin } from "./stdin.ts"
import { expectWritable, writing } from "./written.ts"

const defaultTimeoutMs = 60_000
/** Not understood, as the checker itself says it. */
const notUnderstoodCode = 2

const readBytes = (path: string): Effect.Effect<Buffer, CommandFailed> =>
  path === "-"
    ? allOfStdin
    : Effect.try({
        try: () => readFileSync(path),
        catch: (cause) => usageFailure(`${path} cannot be read: ${(cause as Error).message}`)
      })

const readLines = Effect.fnUntraced(function* (path: string) {
  const bytes = yield* readBytes(path)
  // Read as text all the same, different bytes would become one character, and equal values.
  if (!isUtf8(bytes)) return yield* usageFailure(`${path} cannot be read: it is no UTF-8 text`)
  return bytes.toString("utf8").split("\n")
})

/** The verdict of what could not even be read, for those who read verdicts. */
const unread = ({ message }: CommandFailed): HistoryReport["json"] => ({
  verdict: "not-understood",
  operations: 0,
  partitions: 0,
  checked: 0,
  skippedLines: 0,
  reason: message,
  millis: 0
})

const asText = ({ json, exitCode }: HistoryReport): string => {
  const { verdict, operations, partitions, reason, millis } = json
  if (exitCode === notUnderstoodCode) return `not understood: ${reason}`
  const counted = `${operations} operations on ${partitions} keys, ${millis} ms`
  return `${verdict.replaceAll("-", " ")}: ${reason} [${counted}]`
}

/** Draws the failing part, if there is one; returns in a sentence why there can be no picture. */
const draw = (path: string, { svg, exitCode }: HistoryReport) => {
  const picture =
    svg !== undefined
      ? writing(path, () => writeFileSync(path, svg))
      : exitCode === 0
        ? writing(path, () => expectWritable(path))
        : Effect.void
  return Effect.match(picture, { onSuccess: () => undefined, onFailure: ({ message }) => message })
}

export const checkHistoryCommand = Command.make(
  "check-history",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("JSON Lines of invocations and completions, or - for stdin")
    ),
    model: Flag.Literals("model", ["register", "kv"]).pipe(
      Flag.optional,
      Flag.withDescription("What the operations work on; default: told by their names")
    ),
    failedCas: Flag.Literals("failed-cas", ["observed", "dropped"]).pipe(
      Flag.withDefault("observed"),
      Flag.withDescription("What a failed cas tells: that another value was there, or nothing")
    ),
    timeout: timeoutFlag(defaultTimeoutMs),
    svg: Flag.String("svg").pipe(
      Flag.optional,
      Flag.withMetavar("file"),
      Flag.withDescription("Draw the failing part there, if there is one")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ file, model, failedCas, timeout, svg, json }) {
    const { hearsNothing } = yield* Process
    hearsNothing()
    const lines = yield* Effect.tapError(readLines(file), (failure) => printJson(unread(failure)))
    // Loaded on demand: no other command needs any of it.
    const { checkHistory } = yield* Effect.promise(() => import("../sim/history/command.ts"))
    const report = checkHistory(lines, {
      model: Option.getOrUndefined(model),
      failedCas,
      timeoutMs: timeout,
      now: () => performance.now(),
      svg: Option.isSome(svg)
    })
    const { exitCode } = report
    yield* printJson(report.json)
    for (const note of [report.leftOut, report.disorder])
      if (!json && note !== undefined) yield* printError(note)
    const undrawn = Option.isSome(svg) ? yield* draw(svg.value, report) : undefined
    if (!json && undrawn === undefined && Option.isSome(svg) && report.svg !== undefined)
      yield* printError(`the failing part is drawn in ${svg.value}`)
    if (exitCode === 0) {
      if (!json) yield* printError(asText(report))
      return undrawn === undefined ? undefined : yield* usageFailure(undrawn)
    }
    // The verdict first, and its exit code: a picture that cannot be written takes neither away.
    const said = [...(json ? [] : [asText(report)]), ...(undrawn === undefined ? [] : [undrawn])]
    return yield* new CommandFailed({ reason: said.join("\naplomb: "), exitCode })
  })
).pipe(
  Command.withDescription(
    "Check a history: exit code 0 linearizable, 1 not, 2 not understood, 3 undecided in time"
  )
)
