/**
 * `aplomb sim determinism`: the same seeds in two processes must be the same runs, to the last bit of their
 * digests.
 */
import { spawn } from "node:child_process"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { SchedulingMode } from "../sim/scheduler-options.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { countFlag } from "./flags.ts"
import { print } from "./output.ts"
import { Process } from "./process.ts"
import { findScenario, scenarioArgument } from "./sim-list.ts"

const modes: ReadonlyArray<SchedulingMode> = ["inline", "hop", "preempt"]

const flags = {
  scenario: scenarioArgument,
  seeds: countFlag("seeds", { min: 1 }).pipe(
    Flag.withDefault(500),
    Flag.withDescription("How many seeds (default 500)")
  ),
  from: countFlag("from", { min: 0 }).pipe(
    Flag.withDefault(1),
    Flag.withDescription("The first seed (default 1)")
  )
}

/** Prints a digest for each seed in each scheduling mode. */
export const simDigestsCommand = Command.make(
  "digests",
  flags,
  Effect.fnUntraced(function* ({ scenario, seeds, from }) {
    const simulation = yield* findScenario(scenario)
    const { onlyPrints } = yield* Process
    onlyPrints()
    for (let seed = from; seed < from + seeds; seed++) {
      for (const mode of modes) {
        const { digest, failure } = simulation.run({ seed, scheduler: { mode } })
        yield* print(`${seed} ${mode} ${digest} ${failure?.name ?? "ok"}`)
      }
    }
  })
).pipe(Command.withDescription("Print the digests of each seed, for comparison between machines"))

/** The same command in another process; its lines. */
const digestsElsewhere = (
  scenario: string,
  seeds: number,
  from: number
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback((resume) => {
    const values = ["sim", "digests", scenario, "--seeds", String(seeds), "--from", String(from)]
    const child = spawn(process.execPath, [process.argv[1]!, ...values], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part
    })
    child.on("close", () => resume(Effect.succeed(text.trimEnd().split("\n"))))
    return Effect.sync(() => void child.kill())
  })

export const simDeterminismCommand = Command.make(
  "determinism",
  flags,
  Effect.fnUntraced(function* ({ scenario, seeds, from }) {
    yield* findScenario(scenario)
    const once = digestsElsewhere(scenario, seeds, from)
    const [first, second] = yield* Effect.all([once, once], { concurrency: 2 })
    const different = first.findIndex((line, index) => line !== second[index])
    const runs = seeds * modes.length
    if (different < 0 && first.length === runs && second.length === runs) {
      const how = `in each of the modes ${modes.join(", ")}, twice in two processes`
      return yield* print(`${seeds} seeds of ${scenario}, ${how}: all digests are equal`)
    }
    const reason =
      different < 0
        ? `a process ended early: ${first.length} and ${second.length} of ${runs} runs`
        : `seed ${first[different]!.split(" ")[0]} differs: ${first[different]} and ${second[different]}`
    return yield* new CommandFailed({ reason, exitCode: exitCodes.no })
  })
).pipe(
  Command.withDescription(
    "Run seeds in all scheduling modes, twice in two processes, and compare their digests"
  )
)
