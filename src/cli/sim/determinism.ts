/**
 * `aplomb sim determinism`: the same seeds in two processes must be the same runs, to the last bit of their
 * digests, whatever was run before them. Where two are not, the first draw that differs is named.
 */
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { CommandFailed, exitCodes } from "../failure.ts"
import { jobsFlag } from "../flags.ts"
import { print } from "../output.ts"
import { digestFlags, schedulingModes } from "./digests.ts"
import { findScenario } from "./list.ts"

/** So many seeds from one on, in at most so many parts that follow each other. */
const partsOf = (seeds: number, from: number, count: number) => {
  const size = Math.ceil(seeds / count)
  const starts = Array.from({ length: Math.ceil(seeds / size) }, (_, index) => index * size)
  return starts.map((start) => ({ from: from + start, seeds: Math.min(size, seeds - start) }))
}

/** Another command of the simulator in a process of its own; its lines. */
const linesElsewhere = (...words: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback((resume) => {
    const child = spawn(process.execPath, [process.argv[1]!, "sim", ...words], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part
    })
    child.on("close", () => resume(Effect.succeed(text.trimEnd().split("\n"))))
    return Effect.sync(() => void child.kill())
  })

/** Both at the same time. */
const both = <A>(one: Effect.Effect<A>, other: Effect.Effect<A>) =>
  Effect.all([one, other], { concurrency: 2 })

/** The first place where they are not the same, be it that one of them ends there. */
const firstDifference = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): number =>
  one.length >= other.length
    ? one.findIndex((line, index) => line !== other[index])
    : other.findIndex((line, index) => line !== one[index])

/** What tells two runs of a seed apart that are not the same, as far as two more of them show it. */
const firstDraw = Effect.fnUntraced(function* (scenario: string, seed: string, mode: string) {
  const run = [scenario, "--seed", seed, "--mode", mode]
  const draws = linesElsewhere("draws", ...run)
  const [one, other] = yield* both(draws, draws)
  const index = firstDifference(one, other)
  if (index < 0) {
    const alone = linesElsewhere("digests", scenario, "--seeds", "1", "--from", seed)
    return firstDifference(...(yield* both(alone, alone))) < 0
      ? "alone in two processes it is the same: something outlives the runs before it, as a module may"
      : `run twice more, all ${one.length} draws were the same`
  }
  const number = index + 1
  const place = linesElsewhere("draws", ...run, "--at", String(number))
  const places = yield* both(place, place)
  return [
    `draw ${number} is the first that differs, of ${one.length} and ${other.length}:`,
    ...places.map((lines) => `  ${lines.join("\n")}`)
  ].join("\n")
})

export const simDeterminismCommand = Command.make(
  "determinism",
  {
    ...digestFlags,
    jobs: jobsFlag.pipe(
      Flag.withDefault(Math.max(2, availableParallelism())),
      Flag.withDescription("Processes at once, never fewer than two (default: one for each processor)")
    )
  },
  Effect.fnUntraced(function* ({ scenario, seeds, from, jobs }) {
    yield* findScenario(scenario)
    const parts = partsOf(seeds, from, Math.max(1, jobs >> 1))
    const digests = (...order: ReadonlyArray<string>) =>
      Effect.forEach(
        parts,
        ({ seeds, from }) =>
          linesElsewhere("digests", scenario, "--seeds", String(seeds), "--from", String(from), ...order),
        { concurrency: parts.length }
      )
    // Where something outlives a run, it shows: before each run there were others.
    const lastFirst = Effect.map(digests("--last-first"), (lines) => lines.map((part) => part.toReversed()))
    const [inOrder, reversed] = yield* both(digests(), lastFirst)
    const [first, second] = [inOrder.flat(), reversed.flat()]
    const different = firstDifference(first, second)
    const runs = seeds * schedulingModes.length
    if (different < 0 && first.length === runs) {
      const how = "in two processes, in one of them the last first"
      const modes = `in each of the modes ${schedulingModes.join(", ")}`
      return yield* print(`${seeds} seeds of ${scenario}, ${modes}, ${how}: all digests are equal`)
    }
    const [one, other] = [first[different], second[different]]
    if (one === undefined || other === undefined) {
      const reason = `a process ended early: ${first.length} and ${second.length} of ${runs} runs`
      return yield* new CommandFailed({ reason, exitCode: exitCodes.no })
    }
    const [seed = "", mode = ""] = one.split(" ")
    const lines = `seed ${seed} differs: ${one} and ${other}`
    const reason = `${lines}\n${yield* firstDraw(scenario, seed, mode)}`
    return yield* new CommandFailed({ reason, exitCode: exitCodes.no })
  })
).pipe(
  Command.withDescription(
    "Run seeds in all scheduling modes in two processes, in opposite order, and compare their digests"
  )
)
