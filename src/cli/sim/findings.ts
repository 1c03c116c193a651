/** What the commands that look for findings share: their flags, how far they are, and what they found. */
import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { Flag } from "effect/cli"
import type { CampaignReport, Finding } from "../../sim/runs/report.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { CommandFailed, exitCodes } from "../failure.ts"
import { countFlag, jobsFlag, lastingFlag, pathFlag } from "../flags.ts"
import { print, printError, printErrorUnsafe, printJson } from "../output.ts"
import { expectDirectory, writing } from "../written.ts"
import { keepFinding, replayCommand, seeAgain, seeAgainCommand } from "./artefacts.ts"

export const threadsFlag = jobsFlag.pipe(
  Flag.withDefault(availableParallelism()),
  Flag.withDescription("Threads (default: one for each processor)")
)

export const keepGoingFlag = countFlag("keep-going", { min: 1 }).pipe(
  Flag.withDefault(1),
  Flag.withMetavar("findings"),
  Flag.withDescription("Stop after so many findings (default 1)")
)

export const hangFlag = lastingFlag("hang").pipe(
  Flag.optional,
  Flag.withDescription(
    "A run that takes longer hangs, which is a finding (default 2m, or more where threads share a processor)"
  )
)

export const findingsFlag = pathFlag("out", "directory").pipe(
  Flag.withDefault("sim-failures"),
  Flag.withDescription("Where trace, history and verdict of findings go (default sim-failures)")
)

/** Fails at once where findings could not be kept: hours later they would be lost. */
export const expectRoomForFindings = (out: string) => writing(out, () => expectDirectory(out))

const progressEveryMs = 1000

/** Says now and then, on a terminal, how far it is of `total`, and keeps in mind what was there last. */
export const progressOf = (
  total: number | undefined,
  name: "seeds" | "runs",
  line: (report: CampaignReport, name: "seeds" | "runs") => string
) => {
  let saidAtMs = 0
  let latest: CampaignReport | undefined
  return {
    latest: () => latest,
    say: (report: CampaignReport): void => {
      latest = report
      if (process.stderr.isTTY !== true || performance.now() - saidAtMs < progressEveryMs) return
      saidAtMs = performance.now()
      const share = total === undefined ? 0 : Math.min(1, report.runs / total)
      const bar = total === undefined ? "" : `[${"#".repeat(Math.round(share * 24)).padEnd(24, ".")}] `
      process.stderr.write(`\r\u001b[K${bar}${report.runs} ${name}, ${line(report, name)}`)
    },
    end: (): void => {
      if (process.stderr.isTTY === true) printErrorUnsafe("\r\u001b[K")
    }
  }
}

interface KeptFinding {
  readonly finding: Finding
  /** Undefined where it could not be written. */
  readonly directory: string | undefined
  readonly note: string | undefined
  /** The command that shows it again. */
  readonly replay: string
}

/** Writes each finding into a directory of its own below `out`. */
const keepFindings = Effect.fnUntraced(function* (
  out: string,
  simulation: Simulation,
  findings: ReadonlyArray<Finding>
) {
  const kept: Array<KeptFinding> = []
  for (const finding of findings) {
    // What was found is told all the same: it may have taken hours.
    const unwritten = ({ message }: CommandFailed) => Effect.as(printError(`aplomb: ${message}`), undefined)
    const seen = seeAgain(simulation, finding)
    const directory = yield* Effect.catch(keepFinding(out, finding, seen), unwritten)
    // Nothing can be read from a directory that could not be written.
    const { recipe } = finding
    const replay =
      directory === undefined ? replayCommand(simulation.name, recipe) : seeAgainCommand(out, finding, seen)
    kept.push({ finding, directory, note: seen.note, replay })
  }
  return kept
})

/** Findings as JSON tells them: what is long is in their directories. */
const plainFinding = ({ finding: { run, before: _, ...finding }, note }: KeptFinding) => ({
  ...finding,
  digest: run?.digest,
  note
})

/** Those directories that were written. */
const directoriesOf = (kept: ReadonlyArray<KeptFinding>): ReadonlyArray<string> =>
  kept.flatMap(({ directory }) => directory ?? [])

/** Says what was found, where it was kept, and how to see it again. */
const tellFindings = Effect.fnUntraced(function* (kept: ReadonlyArray<KeptFinding>) {
  for (const { finding, directory, note, replay } of kept) {
    const { recipe, failure } = finding
    yield* printError(`${failure.kind} ${failure.name}, seed ${recipe}: ${failure.message}`)
    if (note !== undefined) yield* printError(`  ${note}`)
    const place = directory === undefined ? "" : `kept in ${directory}; `
    yield* printError(`  ${place}${replay}`)
  }
})

interface Conclusion {
  /** Where findings are kept. */
  readonly out: string
  readonly isJson: boolean
  /** `performance.now()` when the runs began. */
  readonly startedMs: number
  readonly simulation: Simulation
  readonly campaign: CampaignReport
  /** What the JSON says besides. */
  readonly fields?: object
  /** What is printed where it is not JSON. */
  readonly lines: ReadonlyArray<string>
  /** Why it has failed though nothing was found. */
  readonly problems?: ReadonlyArray<string>
}

/** Keeps and tells what runs came to; fails where something was found. */
export const conclude = Effect.fnUntraced(function* (conclusion: Conclusion) {
  const { out, isJson, startedMs, simulation, campaign, fields = {}, lines, problems = [] } = conclusion
  const millis = Math.round(performance.now() - startedMs)
  const kept = yield* keepFindings(out, simulation, campaign.findings)
  if (isJson) {
    const directories = directoriesOf(kept)
    const findings = kept.map(plainFinding)
    yield* printJson({ simulation: simulation.name, millis, ...fields, ...campaign, findings, directories })
  } else {
    for (const line of lines) yield* print(line)
  }
  for (const problem of problems) yield* printError(problem)
  yield* tellFindings(kept)
  if (campaign.findings.length > 0 || problems.length > 0)
    return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
})

/**
 * Has what was found so far kept and told as well where the runs are interrupted; their exit code stays that
 * of an interruption. `progress` is over either way.
 */
export const concludingInterrupted = <A, E, R>(
  progress: Pick<ReturnType<typeof progressOf>, "end" | "latest">,
  runs: Effect.Effect<A, E, R>,
  conclusionOf: (campaign: CampaignReport) => Conclusion
) =>
  Effect.onInterrupt(runs, () => {
    progress.end()
    const campaign = progress.latest()
    if (campaign === undefined) return Effect.void
    const said = `aplomb: interrupted after ${campaign.runs} runs; this is what they came to`
    return Effect.ignore(
      conclude({ ...conclusionOf(campaign), fields: { interrupted: true }, problems: [said] })
    )
  }).pipe(Effect.tap(() => Effect.sync(progress.end)))
