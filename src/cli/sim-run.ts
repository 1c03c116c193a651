/**
 * `aplomb sim run`: many seeds of a simulation over several threads, and everything about the one that fails.
 */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { CampaignReport } from "../sim/report.ts"
import type { KnownSeed } from "../sim/seeds.ts"
import { CommandFailed, exitCodes, usageFailure } from "./failure.ts"
import { countFlag, durationFlag, jobsFlag, jsonFlag } from "./flags.ts"
import { print, printError, printErrorUnsafe, printJson } from "./output.ts"
import { keepRun, replayCommand } from "./sim-artefacts.ts"
import { findScenario, scenarioArgument } from "./sim-list.ts"
import { expectDirectory, writing } from "./written.ts"

const progressEveryMs = 1000

/** Says now and then, on a terminal, how far the campaign is. */
const progress = (total: number | undefined, line: (report: CampaignReport) => string) => {
  let saidAtMs = 0
  return (report: CampaignReport): void => {
    if (process.stderr.isTTY !== true || performance.now() - saidAtMs < progressEveryMs) return
    saidAtMs = performance.now()
    const share = total === undefined ? 0 : Math.min(1, report.runs / total)
    const bar = total === undefined ? "" : `[${"#".repeat(Math.round(share * 24)).padEnd(24, ".")}] `
    process.stderr.write(`\r\u001b[K${bar}${report.runs} seeds, ${line(report)}`)
  }
}

/**
 * The seeds of a file, those of other simulations, too: says of which, and fails where there is none so
 * called.
 */
const readKnown = Effect.fnUntraced(function* (path: string, simulation: string) {
  const { parseSeeds } = yield* Effect.promise(() => import("../sim/seeds.ts"))
  const known = yield* Effect.try({
    try: () => parseSeeds(readFileSync(path, "utf8")),
    catch: (cause) => usageFailure(`${path} cannot be used: ${(cause as Error).message}`)
  })
  const others = new Map<string, number>()
  for (const { simulation: name } of known)
    if (name !== simulation) others.set(name, (others.get(name) ?? 0) + 1)
  for (const name of others.keys())
    yield* Effect.mapError(findScenario(name), ({ message }) =>
      usageFailure(`${path} cannot be used: ${message}`)
    )
  const listed = [...others].map(([name, count]) => `${name} ${count}`).join(", ")
  if (listed !== "") yield* printError(`${path}: seeds of other simulations are left out: ${listed}`)
  return known
})

const unreachedLine = ({ runs, unseen, demanded }: CampaignReport): string => {
  const names = unseen.map(({ name }) => `"${name}"`).join(", ")
  return `aplomb: ${unseen.length} of ${demanded} assertions were not reached by ${runs} seeds: ${names}`
}

export const simRunCommand = Command.make(
  "run",
  {
    scenario: scenarioArgument,
    seeds: countFlag("seeds", { min: 0 }).pipe(
      Flag.withDefault(100),
      Flag.withDescription("How many seeds (default 100); 0: no limit but --for and --until-stable")
    ),
    from: countFlag("from", { min: 0 }).pipe(
      Flag.withDefault(1),
      Flag.withDescription("The first seed (default 1)")
    ),
    jobs: jobsFlag.pipe(
      Flag.withDefault(availableParallelism()),
      Flag.withDescription("Threads (default: one for each processor)")
    ),
    for: durationFlag("for").pipe(Flag.optional, Flag.withDescription("Stop after this much real time")),
    untilStable: countFlag("until-stable", { min: 1 }).pipe(
      Flag.optional,
      Flag.withMetavar("runs"),
      Flag.withDescription("Stop when every assertion was reached and so many runs brought nothing new")
    ),
    keepGoing: countFlag("keep-going", { min: 1 }).pipe(
      Flag.withDefault(1),
      Flag.withMetavar("findings"),
      Flag.withDescription("Stop after so many findings (default 1)")
    ),
    known: Flag.String("known").pipe(
      Flag.optional,
      Flag.withMetavar("file"),
      Flag.withDescription("Seeds that once failed, run first: JSON list of simulation, recipe, found")
    ),
    allReached: Flag.Boolean("all-reached").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Fail, too, where an assertion that is demanded was not reached")
    ),
    out: Flag.String("out").pipe(
      Flag.withDefault("sim-failures"),
      Flag.withMetavar("directory"),
      Flag.withDescription("Where trace, history and verdict of findings go (default sim-failures)")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* (flags) {
    const simulation = yield* findScenario(flags.scenario)
    // Hours later what was found would be lost.
    yield* writing(flags.out, () => expectDirectory(flags.out))
    const none: ReadonlyArray<KnownSeed> = []
    const known = Option.isSome(flags.known) ? yield* readKnown(flags.known.value, simulation.name) : none
    const { runSeedsOverWorkers } = yield* Effect.promise(() => import("../sim/run-seeds.ts"))
    const { recipesOf } = yield* Effect.promise(() => import("../sim/seeds.ts"))
    const { reportLines, speedLine } = yield* Effect.promise(() => import("../sim/report.ts"))
    const stop = {
      ...(flags.seeds > 0 ? { seeds: flags.seeds } : {}),
      ...(Option.isSome(flags.for) ? { forMs: flags.for.value } : {}),
      ...(Option.isSome(flags.untilStable) ? { stableRuns: flags.untilStable.value } : {})
    }
    const say = progress(stop.seeds, speedLine)
    const startedMs = performance.now()
    const report = yield* runSeedsOverWorkers(simulation.name, flags.jobs, {
      recipes: recipesOf(simulation.name, known, flags.from, stop),
      stop,
      findingsMax: flags.keepGoing,
      nowMs: () => performance.now(),
      onRun: (_result, sums) => say(sums)
    })
    if (process.stderr.isTTY === true) printErrorUnsafe("\r\u001b[K")
    const kept: Array<string | undefined> = []
    for (const { recipe } of report.findings) {
      // What was found is told all the same: it may have taken hours.
      const unwritten = ({ message }: CommandFailed) => Effect.as(printError(`aplomb: ${message}`), undefined)
      kept.push(yield* Effect.catch(keepRun(flags.out, simulation, recipe), unwritten))
    }
    if (flags.json) {
      const millis = Math.round(performance.now() - startedMs)
      yield* printJson({
        simulation: simulation.name,
        millis,
        ...report,
        directories: kept.filter((path) => path !== undefined)
      })
    } else {
      for (const line of reportLines(report)) yield* print(line)
    }
    const isIncomplete = flags.allReached && report.unseen.length > 0
    if (isIncomplete) yield* printError(unreachedLine(report))
    if (report.findings.length === 0 && !isIncomplete) return
    for (const [index, { recipe, failure }] of report.findings.entries()) {
      yield* printError(`${failure.kind} ${failure.name}, seed ${recipe}: ${failure.message}`)
      const place = kept[index] === undefined ? "" : `kept in ${kept[index]}; `
      yield* printError(`  ${place}${replayCommand(simulation.name, recipe)}`)
    }
    return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
  })
).pipe(Command.withDescription("Run many seeds of a simulation; exit code 1 where one of them fails"))
