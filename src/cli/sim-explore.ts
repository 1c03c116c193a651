/** `aplomb sim explore`: goes on from what runs discover, instead of beginning anew with every seed. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { CommandFailed, exitCodes } from "./failure.ts"
import { countFlag, jsonFlag } from "./flags.ts"
import { print, printJson } from "./output.ts"
import { Process } from "./process.ts"
import { replayCommand } from "./sim-artefacts.ts"
import { findScenario, scenarioArgument } from "./sim-list.ts"

export const simExploreCommand = Command.make(
  "explore",
  {
    scenario: scenarioArgument,
    runs: countFlag("runs", { min: 1 }).pipe(
      Flag.withDefault(500),
      Flag.withDescription("Runs in all (default 500)")
    ),
    seed: countFlag("seed", { min: 0 }).pipe(
      Flag.withDefault(1),
      Flag.withDescription("The first seed (default 1)")
    ),
    keepGoing: countFlag("keep-going", { min: 1 }).pipe(
      Flag.withDefault(1),
      Flag.withMetavar("findings"),
      Flag.withDescription("Stop after so many findings (default 1)")
    ),
    json: jsonFlag
  },
  Effect.fnUntraced(function* ({ scenario, runs, seed, keepGoing, json }) {
    const simulation = yield* findScenario(scenario)
    const { exploreRuns } = yield* Effect.promise(() => import("../sim/explore/explore-run.ts"))
    const around = yield* Process
    around.hearsNothing()
    const report = exploreRuns(simulation, { seeds: [seed], runsMax: runs, failuresMax: keepGoing })
    const findings = [...report.findings].map(([recipe, failure]) => ({ recipe, ...failure }))
    if (json) yield* printJson({ simulation: scenario, runs: report.runs, known: report.known, findings })
    else {
      yield* print(`${report.runs} runs came upon ${report.known} different things`)
      for (const { recipe, kind, name, message } of findings)
        yield* print(`${kind} ${name}: ${message}\n  ${replayCommand(scenario, recipe)}`)
    }
    if (findings.length > 0) return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
  })
).pipe(Command.withDescription("Search from what runs discover, by running their beginnings again"))
