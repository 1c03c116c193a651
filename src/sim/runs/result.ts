/**
 * What a run is asked for and what it comes to, as plain data that travels between threads and into files.
 */
import type { CoverageFigures } from "../assert-coverage.ts"
import type { Mark } from "../explore/journal.ts"
import type { Budgets } from "../kernel/kernel.ts"
import type { Recipe } from "../kernel/random.ts"
import type { SchedulerOptions } from "../kernel/scheduler-options.ts"
import type { TraceEntry } from "../trace/trace.ts"
import type { World } from "../world.ts"

export interface RunOptions {
  readonly seed: number | Recipe
  /** Left out: drawn from the seed. */
  readonly scheduler?: SchedulerOptions
  /** Receives each entry of the full trace; the run is the same without it. */
  readonly listen?: (entry: TraceEntry) => void
  readonly budgets?: Budgets
  /**
   * Fault families that are not to strike though the seed has them, by name, and single strikes, as in
   * `struck` of a result; the rest of the run draws as before.
   */
  readonly without?: ReadonlyArray<string>
  /** At most so many acceptors and spares, as far as the scenario can do with fewer. */
  readonly nodesMax?: number
  /** At most so many clients for each workload. */
  readonly clientsMax?: number
  /**
   * At most so many operations of each client, in all of its lives: of those workloads that ask
   * `world.mayOperate`.
   */
  readonly operationsMax?: number
  /** The faults end after this much virtual time at the latest. */
  readonly chaosMaxMs?: number
  /** Called with the world before anything has started in it. */
  readonly onWorld?: (world: World) => void
  /** Keeps a fingerprint of each draw, for a comparison of two runs. */
  readonly recordDraws?: boolean
  /** How many steps may be taken to decide whether the history is linearizable. Default 2,000,000. */
  readonly historyStepsMax?: number
  /** Keep the history also where nothing is wrong. */
  readonly keepHistory?: boolean
}

/** Why a run is a finding. */
export interface RunFailure {
  readonly kind:
    | "law"
    | "assertion"
    | "history"
    | "process"
    | "recovery"
    | "workload"
    | "kernel"
    | "hang"
    | "memory"
  /** The law, the assertion, or how the run ended: equal for equal bugs. */
  readonly name: string
  readonly message: string
}

export interface RunFigures {
  readonly steps: number
  readonly draws: number
  /** Messages that the bus delivered. */
  readonly messages: number
  readonly virtualMs: number
  readonly operations: number
  readonly acknowledged: number
}

export interface RunResult {
  readonly simulation: string
  /** As `replay` takes it. */
  readonly recipe: string
  readonly failure: RunFailure | undefined
  /**
   * Keys whose part of the history was not decided in the steps allowed, 20 of them at most: it may be wrong
   * there.
   */
  readonly undecidedKeys: ReadonlyArray<string>
  /** Equal for equal runs, on every machine. */
  readonly digest: string
  readonly figures: RunFigures
  readonly coverage: CoverageFigures
  /** What exploration can go on from. */
  readonly marks: ReadonlyArray<Mark>
  /** Families of faults that this seed has. */
  readonly families: ReadonlyArray<string>
  /**
   * Names of what took part: the simulation itself, workloads, families, and what a cluster brings.
   * Assertions can be of one of these.
   */
  readonly scopes: ReadonlyArray<string>
  /** The strikes of timed faults, in order: restarts#2 is the second one of its family. */
  readonly struck: ReadonlyArray<string>
  /** Defects that were expected, by who had them. */
  readonly defects: Readonly<Record<string, number>>
  /** How often each fault struck. */
  readonly strikes: Readonly<Record<string, number>>
  readonly scheduler: SchedulerOptions
  readonly knobs: Readonly<Record<string, number>>
  /** JSON Lines; kept where something is wrong, or when asked for. */
  readonly history: ReadonlyArray<string>
}
