/** `check-history` without a process around it: lines in; exit code, verdict and picture out. */
import { type CheckOptions, type CheckResult, checkPartitions, partitionByKey } from "./check.ts"
import { type Contradiction, type Explanation, explain } from "./explain.ts"
import { type Names, namesOf, usualNames } from "./format.ts"
import type { Model } from "./model.ts"
import { type Key, type Operation, showJson, shownKey } from "./operation.ts"
import { type PairingOptions, readHistory, type SomeLines } from "./pairing.ts"
import { detectModel, kvModel, type RegisterOptions, registerModel } from "./register.ts"
import { drawHistory } from "./svg.ts"

/** Everything that can be chosen when a history is checked. */
export interface HistoryOptions<State = unknown, Command = unknown> extends PairingOptions, RegisterOptions {
  /**
   * What the history is of, one of yours or one by name. Left out: "kv" if an operation is called get, put,
   * set, delete or append, else "register".
   */
  readonly model?: "register" | "kv" | Model<State, Command> | undefined
  /** A clock in milliseconds; needed for `timeoutMs`, and for `millis` in the verdict. */
  readonly now?: (() => number) | undefined
  readonly timeoutMs?: number | undefined
  readonly stepsMax?: number | undefined
  readonly memoryMaxBytes?: number | undefined
  /** Draw the failing part, if there is one. */
  readonly svg?: boolean | undefined
}

/** The verdict, as it is printed. */
export interface HistoryVerdict {
  readonly verdict: "linearizable" | "not-linearizable" | "unknown" | "not-understood"
  readonly model?: string
  readonly key?: Key
  readonly operations: number
  readonly partitions: number
  /** Operations on the keys that were decided. */
  readonly checked: number
  readonly skippedLines: number
  /** Lines whose `time` is before that of a line above; left out where there are none. */
  readonly earlierLines?: number
  /**
   * Lines on which a process invoked while its operation before had not returned; left out where there are
   * none.
   */
  readonly abandoningLines?: number
  readonly reason: string
  readonly contradiction?: Contradiction
  readonly undecidedKeys?: ReadonlyArray<Key>
  /** Keys whose versions do not agree with what happened. */
  readonly versionFaults?: ReadonlyArray<{ readonly key: Key; readonly reason: string }>
  /** Where the input is not understood. */
  readonly line?: number
  readonly field?: string
  readonly millis: number
}

/** What `check-history` is to do: exit with the code, print the verdict, write the picture. */
export interface HistoryReport {
  /** 0 linearizable, 1 not, 2 input not understood, 3 undecided in time. */
  readonly exitCode: 0 | 1 | 2 | 3
  readonly json: HistoryVerdict
  readonly svg?: string
  /** Which lines were left out, and why, for people. */
  readonly leftOut?: string
  /** Which lines stand below later ones, and what to do, for people. */
  readonly disorder?: string
  /** Which operations are taken never to have returned, for people. */
  readonly abandoned?: string
}

const shownKeysMax = 20
const explainSteps = 3_000_000
const explainMs = 10_000

const reasonOf = (result: CheckResult<unknown>, operations: number): string => {
  if (result.verdict === "linearizable") {
    return operations === 0
      ? "there is nothing that could contradict"
      : "every answer is explained by an order of the operations"
  }
  const { undecidedKeys, partitions } = result
  const keys = undecidedKeys.slice(0, 3).map(showJson).join(", ")
  const count = `${undecidedKeys.length} of ${partitions}`
  return `${count} keys were not decided in time (${keys}...): allow more time`
}

const draw = (explanation: Explanation): string => {
  const { contradiction, smallest, culprit, labels } = explanation
  return drawHistory({
    key: contradiction.key,
    operations: [...labels.keys()],
    position: contradiction.position,
    failing: new Set(smallest),
    culprit,
    label: (operation) => labels.get(operation)!
  })
}

const report = <State, Command>(
  model: Model<State, Command>,
  operations: ReadonlyArray<Operation>,
  skippedLines: number,
  options: HistoryOptions<State, Command>
): HistoryReport => {
  const now = options.now ?? (() => 0)
  const startedMs = now()
  const millis = () => Math.round(now() - startedMs)
  const partitions = partitionByKey(model, operations)
  if (typeof partitions === "string") return notUnderstood({ message: partitions })
  const { timeoutMs, stepsMax, memoryMaxBytes } = options
  const isTimeUp = timeoutMs === undefined ? undefined : () => now() - startedMs >= timeoutMs
  const limits: CheckOptions = { isTimeUp, stepsMax, memoryMaxBytes }
  const result = checkPartitions(model, partitions, limits)
  const { versionFaults } = result
  const base = {
    verdict: result.verdict,
    model: model.name,
    operations: operations.length,
    partitions: result.partitions,
    checked: result.checked,
    skippedLines,
    ...(versionFaults.length > 0 ? { versionFaults: versionFaults.slice(0, shownKeysMax) } : {})
  }
  if (result.failure !== undefined) {
    const until = now() + explainMs
    const effort = { steps: explainSteps, isTimeUp: () => now() > until }
    const explanation = explain(model, result.failure, effort)
    const { contradiction, reason } = explanation
    const json = { ...base, key: contradiction.key, reason, contradiction, millis: millis() }
    return options.svg === true ? { exitCode: 1, json, svg: draw(explanation) } : { exitCode: 1, json }
  }
  const reason = reasonOf(result, operations.length)
  if (result.verdict === "linearizable") return { exitCode: 0, json: { ...base, reason, millis: millis() } }
  const undecidedKeys = result.undecidedKeys.slice(0, shownKeysMax).map(shownKey)
  return { exitCode: 3, json: { ...base, reason, undecidedKeys, millis: millis() } }
}

const notUnderstood = (fault: {
  readonly message: string
  readonly line?: number
  readonly field?: string | undefined
  readonly skippedLines?: number
}): HistoryReport => ({
  exitCode: 2,
  json: {
    verdict: "not-understood",
    operations: 0,
    partitions: 0,
    checked: 0,
    skippedLines: fault.skippedLines ?? 0,
    reason: fault.message,
    ...(fault.line === undefined ? {} : { line: fault.line }),
    ...(fault.field === undefined ? {} : { field: fault.field }),
    millis: 0
  }
})

/**
 * Checks whether a history is linearizable: whether some order of its operations, each between its
 * invocation and its return, explains every answer.
 *
 * @param lines the lines of a JSON Lines history, without their line ends (docs/history.md has the format).
 * They are taken one by one, and not kept.
 * @param options the model, and how hard to try; `timeoutMs` counts from when the history has been read, on
 * the clock `now`.
 * @returns never throws, unless a model of yours or `lines` do: an input that is not understood is exit code
 * 2, and
 * `json.reason` says line and field.
 *
 * @example
 * const event = (process: number, type: string, f: string, value: number | null) =>
 *   JSON.stringify({ process, type, f, key: "x", value })
 * const { json } = checkHistory([
 *   event(0, "invoke", "write", 1),
 *   event(0, "ok", "write", 1),
 *   event(1, "invoke", "read", null),
 *   event(1, "ok", "read", null)
 * ])
 * console.assert(json.verdict === "not-linearizable")
 */
export const checkHistory = <State, Command>(
  lines: Iterable<string>,
  options: HistoryOptions<State, Command> = {}
): HistoryReport => {
  const own = typeof options.model === "object" ? options.model : undefined
  const names = own === undefined ? usualNames : namesOf(own.operations)
  const history = readHistory(lines, options, names)
  if (history._tag === "Fault") return notUnderstood(history)
  const { operations, skippedLines, firstSkipped, earlier, abandoning } = history
  const leftOut = skippedLines > 0 ? shownSkipped(skippedLines, firstSkipped, names) : undefined
  if (operations.length === 0 && leftOut !== undefined) {
    // Not a proof that all is well, but most likely a history in words of its own.
    const message = `no operation was understood; ${leftOut}`
    return notUnderstood({ message, line: firstSkipped, field: "f", skippedLines })
  }
  const found = reportOf(own, operations, skippedLines, options)
  const told = withAbandoned(withDisorder(found, earlier), abandoning)
  return leftOut === undefined ? told : { ...told, leftOut }
}

/** So many lines, the verb of one or several, and which of several is the first. */
const shownLines = (count: number, first: number, one: string, several: string) =>
  count === 1
    ? { which: `line ${first} ${one}`, from: "" }
    : { which: `${count} lines ${several}`, from: ` (the first is line ${first})` }

/** The lines that no client wrote, in words. */
const shownSkipped = (count: number, first: number, { list }: Names): string => {
  const { which, from } = shownLines(count, first, "was", "were")
  return `${which} left out${from}: \`process\` is a name there, and \`f\` is none of ${list}`
}

const withDisorder = (report: HistoryReport, { lines, first }: SomeLines): HistoryReport => {
  if (lines === 0) return report
  const { which, from } = shownLines(lines, first, "has", "have")
  const disorder =
    `${which} a \`time\` before that of a line above${from}: the order of the lines decides, not the time; ` +
    "sort the lines by time if they were put together from several files"
  return { ...report, json: { ...report.json, earlierLines: lines }, disorder }
}

const withAbandoned = (report: HistoryReport, { lines, first }: SomeLines): HistoryReport => {
  if (lines === 0) return report
  const { which, from } = shownLines(lines, first, "invokes", "invoke")
  const abandoned =
    `${which} while the operation before of the same process has not returned${from}: it is taken never to ` +
    "have returned, and may have taken effect at any time; give what runs at once processes of its own"
  return { ...report, json: { ...report.json, abandoningLines: lines }, abandoned }
}

const reportOf = <State, Command>(
  own: Model<State, Command> | undefined,
  operations: ReadonlyArray<Operation>,
  skippedLines: number,
  options: HistoryOptions<State, Command>
): HistoryReport => {
  if (own !== undefined) return report(own, operations, skippedLines, options)
  const name = options.model ?? detectModel(operations)
  const usual = { ...options, model: undefined }
  const model = name === "kv" ? kvModel(usual) : registerModel(usual)
  return report(model, operations, skippedLines, usual)
}
