/** `aplomb sim explore`: goes on from what runs discover, instead of beginning anew with every seed. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { CommandFailed, exitCodes } from "./failure.ts"
import { countFlag, firstSeedFlag, jsonFlag } from "./flags.ts"
import { print, printJson } from "./output.ts"
import {
  directoriesOf,
  expectRoomForFindings,
  findingsFlag,
  keepFindings,
  keepGoingFlag,
  progressOf,
  tellFindings,
  threadsFlag
} from "./sim-findings.ts"
import { findScenario, scenarioArgument } from "./sim-list.ts"

export const simExploreCommand = Command.make(
  "explore",
  {
    scenario: scenarioArgument,
    runs: countFlag("runs", { min: 1 }).pipe(
      Flag.withDefault(500),
      Flag.withDescription("Runs in all (default 500)")
    ),
    seed: firstSeedFlag("seed"),
    jobs: threadsFlag,
    keepGoing: keepGoingFlag,
    out: findingsFlag,
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ scenario, runs, seed, jobs, keepGoing, out, json }) {
    const simulation = yield* findScenario(scenario)
    yield* expectRoomForFindings(out)
    const { exploreRunsOverWorkers } = yield* Effect.promise(() => import("../sim/explore/explore-run.ts"))
    const { reportLines, speedLine } = yield* Effect.promise(() => import("../sim/report.ts"))
    const progress = progressOf(runs, "runs", speedLine)
    const startedMs = performance.now()
    const { known, campaign } = yield* exploreRunsOverWorkers(simulation.name, jobs, {
      seeds: [seed],
      runsMax: runs,
      failuresMax: keepGoing,
      onSums: progress.say
    })
    const millis = Math.round(performance.now() - startedMs)
    progress.end()
    const kept = yield* keepFindings(out, simulation, campaign.findings)
    if (json)
      yield* printJson({
        simulation: simulation.name,
        millis,
        known,
        ...campaign,
        directories: directoriesOf(kept)
      })
    else {
      yield* print(`${campaign.runs} runs came upon ${known} different things`)
      for (const line of reportLines(campaign, "runs")) yield* print(line)
    }
    yield* tellFindings(kept)
    if (campaign.findings.length > 0) return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
  })
).pipe(Command.withDescription("Search from what runs discover, by running their beginnings again"))
