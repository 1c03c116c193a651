/**
 * `aplomb sim digests`: a digest for each seed in each scheduling mode, to be compared with those elsewhere.
 */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { SchedulerOptions, SchedulingMode } from "../../sim/kernel/scheduler-options.ts"
import { countFlag, firstSeedFlag } from "../flags.ts"
import { print } from "../output.ts"
import { Process } from "../process.ts"
import { findScenario, scenarioArgument } from "./list.ts"

export const schedulingModes = ["inline", "hop", "preempt"] as const satisfies ReadonlyArray<SchedulingMode>

/** As often as campaigns do it, tasks are chosen by priorities. */
const prioritiesEvery = 5

/** How the tasks of a seed are scheduled where runs are compared. */
export const schedulerOf = (seed: number, mode: SchedulingMode): SchedulerOptions => ({
  mode,
  choice: seed % prioritiesEvery === 0 ? "priorities" : "uniform"
})

export const digestFlags = {
  scenario: scenarioArgument,
  seeds: countFlag("seeds", { min: 1 }).pipe(
    Flag.withDefault(500),
    Flag.withDescription("How many seeds (default 500)")
  ),
  from: firstSeedFlag("from")
}

/** Prints a digest for each seed in each scheduling mode. */
export const simDigestsCommand = Command.make(
  "digests",
  {
    ...digestFlags,
    lastFirst: Flag.Boolean("last-first").pipe(
      Flag.withDefault(false),
      Flag.withDescription("Begin with the last run: what outlives a run shows by another digest")
    )
  },
  Effect.fnUntraced(function* ({ scenario, seeds, from, lastFirst }) {
    const simulation = yield* findScenario(scenario)
    const { onlyPrints } = yield* Process
    onlyPrints()
    const runs = seeds * schedulingModes.length
    for (let number = 0; number < runs; number++) {
      const index = lastFirst ? runs - 1 - number : number
      const seed = from + Math.floor(index / schedulingModes.length)
      const mode = schedulingModes[index % schedulingModes.length]!
      const { digest, failure } = simulation.run({ seed, scheduler: schedulerOf(seed, mode) })
      yield* print(`${seed} ${mode} ${digest} ${failure?.name ?? "ok"}`)
    }
  })
).pipe(Command.withDescription("Print the digests of each seed, for comparison between machines"))
