/**
 * `aplomb sim shrink` and `aplomb sim repro`: a failing run made small and kept as a file, and that file run
 * again.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { TraceEntry } from "../../sim/trace/trace.ts"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { countFlag, pathFlag } from "../flags.ts"
import { print } from "../output.ts"
import { Process } from "../process.ts"
import { expectWritable, writing } from "../written.ts"
import { findScenario, scenarioArgument } from "./list.ts"

const loadRepro = Effect.promise(() => import("../../sim/shrink/repro.ts"))
const loadShrink = Effect.promise(() => import("../../sim/shrink/shrink-run.ts"))

export const simShrinkCommand = Command.make(
  "shrink",
  {
    scenario: scenarioArgument,
    seed: Flag.String("seed").pipe(
      Flag.withDescription('The seed or recipe that fails, such as 7 or "7 -> 120@99"')
    ),
    runs: countFlag("runs", { min: 1 }).pipe(
      Flag.withDefault(400),
      Flag.withDescription("Runs at most (default 400)")
    ),
    out: pathFlag("out").pipe(
      Flag.withDefault("repro.json"),
      Flag.withDescription("Where the smaller run goes (default repro.json)")
    )
  },
  Effect.fnUntraced(function* ({ scenario, seed, runs, out }) {
    const simulation = yield* findScenario(scenario)
    const { readRecipe } = yield* Effect.promise(() => import("../../sim/kernel/random.ts"))
    const recipe = readRecipe(seed)
    if (typeof recipe === "string") return yield* usageFailure(recipe)
    // Minutes of work are not begun for a result that could not be kept.
    yield* writing(out, () => expectWritable(out))
    const { shrinkRun } = yield* loadShrink
    const around = yield* Process
    around.hearsNothing()
    const shrunk = shrinkRun(simulation, recipe, { runsMax: runs })
    if (shrunk === undefined) return yield* usageFailure(`${scenario} does not fail with ${seed}`)
    const { smallest, failure } = shrunk
    const { formatRepro } = yield* loadRepro
    const repro = { scenario, case: smallest, law: failure.law, message: failure.message }
    yield* print(`${failure.law}: ${failure.message}`)
    yield* writing(out, () => writeFileSync(out, formatRepro(repro)))
    yield* print(`${failure.size} events after ${shrunk.runs} runs; again: aplomb sim repro ${out}`)
  })
).pipe(
  Command.withDescription("Make a failing run smaller while it breaks the same law, and keep it as a file")
)

export const simReproCommand = Command.make(
  "repro",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What aplomb sim shrink has written")),
    html: pathFlag("html").pipe(
      Flag.optional,
      Flag.withDescription("Draw the run there: a page to look at in a browser")
    )
  },
  Effect.fnUntraced(function* ({ file, html }) {
    const around = yield* Process
    around.hearsNothing()
    const text = yield* Effect.try({
      try: () => readFileSync(file, "utf8"),
      catch: (cause) => usageFailure(`${file} cannot be read: ${(cause as Error).message}`)
    })
    const { parseRepro } = yield* loadRepro
    const repro = parseRepro(text)
    if (typeof repro === "string") return yield* usageFailure(`${file}: ${repro}`)
    const simulation = yield* findScenario(repro.scenario)
    if (Option.isSome(html)) yield* writing(html.value, () => expectWritable(html.value))
    const { runCase } = yield* loadShrink
    const trace: Array<TraceEntry> = []
    const listen = (entry: TraceEntry) => void trace.push(entry)
    const result = yield* Effect.try({
      try: () => runCase(simulation, repro.case, { listen, keepHistory: true }),
      catch: (cause) => cause
    }).pipe(
      // The file asks for what no run can be: all else that is thrown is no fault of the file.
      Effect.catch((cause) =>
        cause instanceof RangeError ? usageFailure(`${file}: ${cause.message}`) : Effect.die(cause)
      )
    )
    const { pictureOfRun } = yield* Effect.promise(() => import("./artefacts.ts"))
    const { failure } = result
    if (failure?.name !== repro.law) {
      yield* print(
        `it no longer breaks "${repro.law}"${failure === undefined ? "" : `, but ${failure.name}`}`
      )
    }
    if (Option.isSome(html))
      yield* writing(html.value, () => writeFileSync(html.value, pictureOfRun(result, trace)))
    if (failure === undefined) return
    return yield* new CommandFailed({ reason: `${failure.name}: ${failure.message}`, exitCode: exitCodes.no })
  })
).pipe(Command.withDescription("Run a repro file again; exit code 1 where it still fails"))
