/** `aplomb check-history`: whether a recorded history is linearizable. */
import { closeSync, openSync, readSync, writeFileSync } from "node:fs"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { stackOf } from "../runtime/message-of.ts"
import type { HistoryOptions, HistoryReport } from "../sim/history/command.ts"
import { CommandFailed, usageFailure } from "./failure.ts"
import { jsonFlag, pathFlag, timeoutFlag } from "./flags.ts"
import { printError, printJson } from "./output.ts"
import { Process } from "./process.ts"
import { allPartsOfStdin } from "./stdin.ts"
import { expectWritable, writing } from "./written.ts"

const defaultTimeoutMs = 60_000
/** Not understood, as the checker itself says it. */
const notUnderstoodCode = 2
const blockBytes = 1 << 20

const unreadable = (path: string, cause: unknown) =>
  usageFailure(`${path} cannot be read: ${(cause as Error).message}`)

/** A file, block by block: one of any size is never in memory as a whole. Throws `CommandFailed`. */
function* blocksOf(path: string): Iterable<Uint8Array> {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, "r")
    for (;;) {
      const block = Buffer.allocUnsafe(blockBytes)
      const count = readSync(descriptor, block)
      if (count === 0) return
      yield block.subarray(0, count)
    }
  } catch (cause) {
    throw unreadable(path, cause)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** The verdict where there is none, for those who read verdicts. */
const undecidable = (reason: string, line?: number): HistoryReport["json"] => ({
  verdict: "not-understood",
  operations: 0,
  partitions: 0,
  checked: 0,
  skippedLines: 0,
  reason,
  ...(line === undefined ? {} : { line }),
  millis: 0
})

/** A failure that is told as a verdict, too. */
const withVerdict = Effect.fnUntraced(function* (failure: CommandFailed, line?: number) {
  yield* printJson(undecidable(failure.message, line))
  return yield* failure
})

/** Exit code 1 is a verdict: what fails by itself says nothing of a history, and ends otherwise. */
const brokenBy = (defect: unknown) =>
  withVerdict(usageFailure(`the check itself failed, which says nothing of the history: ${stackOf(defect)}`))

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

/** The report on a file, or on what comes on stdin. */
const reportOn = Effect.fnUntraced(function* (file: string, options: HistoryOptions) {
  const parts = file === "-" ? yield* Effect.catch(allPartsOfStdin, withVerdict) : blocksOf(file)
  // Loaded on demand: no other command needs any of it.
  const { checkHistory } = yield* Effect.promise(() => import("../sim/history/command.ts"))
  const { BadLine, linesOf } = yield* Effect.promise(() => import("../sim/history/lines.ts"))
  try {
    return checkHistory(linesOf(parts), options)
  } catch (cause) {
    if (cause instanceof CommandFailed) return yield* withVerdict(cause)
    if (cause instanceof BadLine) return yield* withVerdict(unreadable(file, cause), cause.line)
    throw cause
  }
})

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
    timeout: timeoutFlag(defaultTimeoutMs, "How long to search for an order"),
    svg: pathFlag("svg").pipe(
      Flag.optional,
      Flag.withDescription("Draw the failing part there, if there is one")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ file, model, failedCas, timeout, svg, json }) {
    const around = yield* Process
    around.hearsNothing()
    around.failsUnprinted(notUnderstoodCode)
    const report = yield* reportOn(file, {
      model: Option.getOrUndefined(model),
      failedCas,
      timeoutMs: timeout,
      now: () => performance.now(),
      svg: Option.isSome(svg)
    })
    const { exitCode } = report
    yield* printJson(report.json)
    for (const note of [report.leftOut, report.disorder, report.abandoned])
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
  }, Effect.catchDefect(brokenBy))
).pipe(
  Command.withDescription(
    "Check a history: exit code 0 linearizable, 1 not, 2 not understood, 3 undecided in time"
  )
)
