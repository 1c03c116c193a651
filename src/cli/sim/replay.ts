/** `aplomb sim replay`: one run again, with its trace, its history and its picture. */
import { existsSync, statSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { CommandFailed, exitCodes, usageFailure } from "../failure.ts"
import { countFlag, jsonFlag, pathFlag } from "../flags.ts"
import { print, printJson } from "../output.ts"
import { Process } from "../process.ts"
import { expectWritable, writing } from "../written.ts"
import { linesOf, pictureOfRun, traced } from "./artefacts.ts"
import { findScenario, scenarioArgument } from "./list.ts"

const fileFlag = (name: string, description: string) =>
  pathFlag(name).pipe(Flag.optional, Flag.withDescription(description))

/** A file that is to be two at once: the second would be all that is left. What is no file takes both. */
const namedTwice = (paths: ReadonlyArray<string>): string | undefined =>
  paths.find(
    (path, index) =>
      paths.findIndex((other) => resolve(other) === resolve(path)) < index &&
      (!existsSync(path) || statSync(path).isFile())
  )

export const simReplayCommand = Command.make(
  "replay",
  {
    scenario: scenarioArgument,
    seed: countFlag("seed", { min: 0 }).pipe(Flag.optional, Flag.withDescription("The seed to run")),
    recipe: Flag.String("recipe").pipe(
      Flag.optional,
      Flag.withDescription('A recipe of exploration instead, such as "7 -> 120@99"')
    ),
    trace: fileFlag("trace", "Write the full trace there, as JSON Lines"),
    history: fileFlag("history", "Write the history of the clients there, for check-history"),
    html: fileFlag("html", "Draw the run there: a page to look at in a browser"),
    json: jsonFlag
  },
  Effect.fnUntraced(function* (flags) {
    const simulation = yield* findScenario(flags.scenario)
    if (Option.isSome(flags.recipe) && Option.isSome(flags.seed))
      return yield* usageFailure("--seed and --recipe each say which run: give one of them")
    const asked = Option.orElse(flags.recipe, () => Option.map(flags.seed, String))
    if (Option.isNone(asked))
      return yield* usageFailure('say which run: --seed N, or --recipe "N -> draw@seed -> ..."')
    const recipe = asked.value
    const { readRecipe } = yield* Effect.promise(() => import("../../sim/kernel/random.ts"))
    const read = readRecipe(recipe)
    if (typeof read === "string") return yield* usageFailure(read)
    const paths = [flags.trace, flags.history, flags.html].flatMap(Option.toArray)
    const twice = namedTwice(paths)
    if (twice !== undefined)
      return yield* usageFailure(`${twice} cannot be two files at once: give each another name`)
    // What a long run came to is not computed for files that cannot be written.
    for (const path of paths) yield* writing(path, () => expectWritable(path))
    const around = yield* Process
    around.hearsNothing()
    const { result, trace } = traced(simulation, recipe)
    const { figures, failure, undecidedKeys, digest, families, knobs, strikes } = result
    if (flags.json) {
      yield* printJson({
        simulation: simulation.name,
        recipe,
        failure,
        undecidedKeys,
        digest,
        figures,
        families,
        knobs,
        strikes
      })
    } else {
      const verdict = failure === undefined ? "nothing is wrong" : `${failure.kind} ${failure.name}`
      yield* print(`${simulation.name} ${recipe}: ${verdict}`)
      if (failure !== undefined) yield* print(failure.message)
      if (undecidedKeys.length > 0)
        yield* print(`whether the history is linearizable was not decided: keys ${undecidedKeys.join(", ")}`)
      const { steps, messages, virtualMs } = figures
      yield* print(`digest ${digest}; ${steps} events, ${messages} messages, ${virtualMs} ms of virtual time`)
      yield* print(`families: ${families.join(", ") || "none"}`)
    }
    const write = (path: Option.Option<string>, text: () => string) =>
      Option.isNone(path) ? Effect.void : writing(path.value, () => writeFileSync(path.value, text()))
    yield* write(flags.trace, () => linesOf(trace))
    yield* write(flags.history, () => linesOf(result.history))
    yield* write(flags.html, () => pictureOfRun(result, trace))
    if (failure !== undefined) return yield* new CommandFailed({ reason: "", exitCode: exitCodes.no })
  })
).pipe(Command.withDescription("Run one seed or recipe again, with its trace"))
