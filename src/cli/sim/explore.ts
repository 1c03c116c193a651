/** `aplomb sim explore`: goes on from what runs discover, instead of beginning anew with every seed. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { CampaignReport } from "../../sim/runs/report.ts"
import { countFlag, firstSeedFlag, jsonFlag } from "../flags.ts"
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
    hang: hangFlag,
    out: findingsFlag,
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ scenario, runs, seed, jobs, keepGoing, hang, out, json }) {
    const simulation = yield* findScenario(scenario)
    yield* expectRoomForFindings(out)
    const { exploreRunsOverWorkers } = yield* Effect.promise(() => import("../../sim/explore/explore-run.ts"))
    const { reportLines, speedLine } = yield* Effect.promise(() => import("../../sim/runs/report.ts"))
    const progress = progressOf(runs, "runs", speedLine)
    const startedMs = performance.now()
    const conclusionOf = (campaign: CampaignReport) => ({
      out,
      isJson: json,
      startedMs,
      simulation,
      campaign,
      lines: reportLines(campaign, "runs")
    })
    const running = exploreRunsOverWorkers(simulation.name, jobs, {
      seeds: [seed],
      runsMax: runs,
      failuresMax: keepGoing,
      hangMs: Option.getOrUndefined(hang),
      onSums: progress.say
    })
    const { known, campaign } = yield* concludingInterrupted(progress, running, conclusionOf)
    const { lines, ...conclusion } = conclusionOf(campaign)
    const cameUpon = `${campaign.runs} runs came upon ${known} different things`
    yield* conclude({ ...conclusion, fields: { known }, lines: [cameUpon, ...lines] })
  })
).pipe(Command.withDescription("Search from what runs discover, by running their beginnings again"))
