/**
 * `aplomb sim determinism`: the same seeds in two processes must be the same runs, to the last bit of their
 * digests.
 */
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { SchedulingMode } from "../sim/scheduler-options.ts"
import { CommandFailed, exitCodes } from "./failure.ts"
import { countFlag, jobsFlag } from "./flags.ts"
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

/** So many seeds from one on, in at most so many parts that follow each other. */
const partsOf = (seeds: number, from: number, count: number) => {
  const size = Math.ceil(seeds / count)
  const starts = Array.from({ length: Math.ceil(seeds / size) }, (_, index) => index * size)
  return starts.map((start) => ({ from: from + start, seeds: Math.min(size, seeds - start) }))
}

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
  {
    ...flags,
    jobs: jobsFlag.pipe(
      Flag.withDefault(Math.max(2, availableParallelism())),
      Flag.withDescription("Processes at once, never fewer than two (default: one for each processor)")
    )
  },
  Effect.fnUntraced(function* ({ scenario, seeds, from, jobs }) {
    yield* findScenario(scenario)
    const parts = partsOf(seeds, from, Math.max(1, jobs >> 1))
    const once = Effect.forEach(parts, (part) => digestsElsewhere(scenario, part.seeds, part.from), {
      concurrency: parts.length
    }).pipe(Effect.map((lines) => lines.flat()))
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
