/**
 * `aplomb sim run`: many seeds of a simulation over several threads, and everything about the one that fails.
 */
import { readFileSync } from "node:fs"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { CampaignReport } from "../../sim/runs/report.ts"
import type { KnownSeed } from "../../sim/runs/seeds.ts"
import { usageFailure } from "../failure.ts"
import { countFlag, firstSeedFlag, jsonFlag, lastingFlag, pathFlag } from "../flags.ts"
import { printError } from "../output.ts"
import {
  conclude,
  concludingInterrupted,
  expectRoomForFindings,
  findingsFlag,
  hangFlag,
  keepGoingFlag,
  progressOf,
  threadsFlag
} from "./findings.ts"
import { findScenario, scenarioArgument } from "./list.ts"

/**
 * The seeds of a file, those of other simulations, too: says of which, and fails where there is none so
 * called.
 */
const readKnown = Effect.fnUntraced(function* (path: string, simulation: string) {
  const { parseSeeds } = yield* Effect.promise(() => import("../../sim/runs/seeds.ts"))
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
    from: firstSeedFlag("from"),
    jobs: threadsFlag,
    for: lastingFlag("for").pipe(Flag.optional, Flag.withDescription("Stop after this much real time")),
    untilStable: countFlag("until-stable", { min: 1 }).pipe(
      Flag.optional,
      Flag.withMetavar("runs"),
      Flag.withDescription("Stop when every assertion was reached and so many runs brought nothing new")
    ),
    keepGoing: keepGoingFlag,
    hang: hangFlag,
    known: pathFlag("known").pipe(
      Flag.optional,
      Flag.withDescription("Seeds that once failed, run first: JSON list of simulation, recipe, found")
    ),
    allReached: Flag.Boolean("all-reached").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Fail, too, where an assertion that is demanded was not reached")
    ),
    out: findingsFlag,
    json: jsonFlag
  },
  Effect.fnUntraced(function* (flags) {
    const simulation = yield* findScenario(flags.scenario)
    yield* expectRoomForFindings(flags.out)
    const none: ReadonlyArray<KnownSeed> = []
    const known = Option.isSome(flags.known) ? yield* readKnown(flags.known.value, simulation.name) : none
    const { runSeedsOverWorkers } = yield* Effect.promise(() => import("../../sim/runs/run-seeds.ts"))
    const { recipesOf } = yield* Effect.promise(() => import("../../sim/runs/seeds.ts"))
    const { reportLines, speedLine } = yield* Effect.promise(() => import("../../sim/runs/report.ts"))
    const stop = {
      ...(flags.seeds > 0 ? { seeds: flags.seeds } : {}),
      ...(Option.isSome(flags.for) ? { forMs: flags.for.value } : {}),
      ...(Option.isSome(flags.untilStable) ? { stableRuns: flags.untilStable.value } : {})
    }
    const progress = progressOf(stop.seeds, "seeds", speedLine)
    const startedMs = performance.now()
    const conclusionOf = (campaign: CampaignReport) => ({
      out: flags.out,
      isJson: flags.json,
      startedMs,
      simulation,
      campaign,
      lines: reportLines(campaign)
    })
    const running = runSeedsOverWorkers(simulation.name, flags.jobs, {
      recipes: recipesOf(simulation.name, known, flags.from, stop),
      stop,
      findingsMax: flags.keepGoing,
      hangMs: Option.getOrUndefined(flags.hang),
      nowMs: () => performance.now(),
      onSums: progress.say
    })
    const campaign = yield* concludingInterrupted(progress, running, conclusionOf)
    const isIncomplete = flags.allReached && campaign.unseen.length > 0
    const problems = isIncomplete ? [unreachedLine(campaign)] : []
    yield* conclude({ ...conclusionOf(campaign), problems })
  })
).pipe(Command.withDescription("Run many seeds of a simulation; exit code 1 where one of them fails"))
