/**
 * `aplomb sim draws`: the fingerprints of the draws of a run, one a line, or where one of them was made. By
 * these two runs of one seed that should have been the same are told apart.
 */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { DrawLog } from "../sim/random.ts"
import type { Simulation } from "../sim/simulation.ts"
import { usageFailure } from "./failure.ts"
import { countFlag } from "./flags.ts"
import { print } from "./output.ts"
import { Process } from "./process.ts"
import { schedulingModes } from "./sim-digests.ts"
import { findScenario, scenarioArgument } from "./sim-list.ts"

interface Drawn {
  readonly log: DrawLog
  /** When and by whom the draw was made that was asked for. */
  readonly place: string | undefined
}

/** Of the draw itself, as functions are called also where all of it is one file. */
const ownFrame = /placeOf|onDraw|DrawLog|CountedRandom/

const placeOf = (nowMicros: number): string => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const { stack = "" } = new Error()
  Error.stackTraceLimit = limit
  const callers = stack.split("\n").filter((frame) => frame.includes(" at ") && !ownFrame.test(frame))
  const others = callers.filter((frame) => !frame.includes("node_modules/effect/"))
  const shown = (others.length > 0 ? others : callers).slice(0, 6).map((frame) => `\n    ${frame.trim()}`)
  return `at ${(nowMicros / 1e6).toFixed(6)} s${shown.join("")}`
}

const drawsOf = (
  simulation: Simulation,
  seed: number,
  mode: (typeof schedulingModes)[number],
  at: number | undefined
): Drawn => {
  let log: DrawLog | undefined
  let place: string | undefined
  simulation.run({
    seed,
    scheduler: { mode },
    recordDraws: true,
    onWorld: ({ random }) => {
      log = random.log
      if (at === undefined || log === undefined) return
      log.onDraw = (index) => {
        if (index === at - 1) place = placeOf(random.nowMicros)
      }
    }
  })
  return { log: log!, place }
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
    const { log, place } = drawsOf(simulation, seed, mode, Option.getOrUndefined(at))
    if (Option.isNone(at))
      return yield* print([...log.values()].map((value) => value.toString(16).padStart(8, "0")).join("\n"))
    if (place !== undefined) return yield* print(place)
    if (at.value > log.length)
      return yield* usageFailure(`seed ${seed} of ${scenario} makes ${log.length} draws in mode ${mode}`)
    return yield* print("before anything ran: of the cluster, the workloads and the faults")
  })
).pipe(Command.withDescription("Print a fingerprint of each draw of a run, or where one was made"))
