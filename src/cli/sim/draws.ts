/**
 * `aplomb sim draws`: the fingerprints of the draws of a run, one a line, or where one of them was made. By
 * these two runs of one seed that should have been the same are told apart.
 */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { DrawLog } from "../../sim/kernel/random.ts"
import type { Simulation } from "../../sim/simulation.ts"
import { usageFailure } from "../failure.ts"
import { countFlag } from "../flags.ts"
import { print } from "../output.ts"
import { Process } from "../process.ts"
import { schedulerOf, schedulingModes } from "./digests.ts"
import { findScenario, scenarioArgument } from "./list.ts"

/** Of the draw itself, as functions are called also where all of it is one file. */
const ownFrame = /CountedRandom/

/** When and by whom a draw was made. */
const placeOf = ({ nowMicros, stack }: NonNullable<DrawLog["seen"]>): string => {
  const callers = stack.split("\n").filter((frame) => frame.includes(" at ") && !ownFrame.test(frame))
  const others = callers.filter((frame) => !frame.includes("node_modules/effect/"))
  const shown = (others.length > 0 ? others : callers).slice(0, 6).map((frame) => `\n    ${frame.trim()}`)
  return `at ${(nowMicros / 1e6).toFixed(6)} s${shown.join("")}`
}

const drawsOf = (
  simulation: Simulation,
  seed: number,
  mode: (typeof schedulingModes)[number],
  watched: number | undefined
): DrawLog => {
  let log: DrawLog | undefined
  simulation.run({
    seed,
    scheduler: schedulerOf(seed, mode),
    recordDraws: true,
    onWorld: ({ random }) => {
      log = random.log
      if (log !== undefined) log.watched = watched
    }
  })
  return log!
}

export const simDrawsCommand = Command.make(
  "draws",
  {
    scenario: scenarioArgument,
    seed: countFlag("seed", { min: 0 }).pipe(Flag.withDescription("Which run")),
    mode: Flag.Literals("mode", schedulingModes).pipe(
      Flag.withDefault("inline"),
      Flag.withDescription("How tasks are scheduled (default inline)")
    ),
    at: countFlag("at", { min: 1 }).pipe(
      Flag.optional,
      Flag.withMetavar("number"),
      Flag.withDescription("Print when and by whom this draw was made, and nothing else")
    )
  },
  Effect.fnUntraced(function* ({ scenario, seed, mode, at }) {
    const simulation = yield* findScenario(scenario)
    const { onlyPrints } = yield* Process
    onlyPrints()
    const watched = Option.getOrUndefined(Option.map(at, (number) => number - 1))
    const log = drawsOf(simulation, seed, mode, watched)
    if (Option.isNone(at))
      return yield* print([...log.values()].map((value) => value.toString(16).padStart(8, "0")).join("\n"))
    if (log.seen !== undefined) return yield* print(placeOf(log.seen))
    if (at.value > log.length)
      return yield* usageFailure(`seed ${seed} of ${scenario} makes ${log.length} draws in mode ${mode}`)
    return yield* print("before anything ran: of the cluster, the workloads and the faults")
  })
).pipe(Command.withDescription("Print a fingerprint of each draw of a run, or where one was made"))
