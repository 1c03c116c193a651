/** Campaigns: many seeds of one simulation, in this thread or over worker threads. */
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Assertion } from "./assert.ts"
import { type CampaignReport, Tally } from "./report.ts"
import { threadCpuMs } from "./run-cpu.ts"
import type { RunResult } from "./run-result.ts"
import type { SchedulerOptions } from "./scheduler-options.ts"
import { isStable, recipeOf, type StopRule } from "./seeds.ts"
import type { Simulation } from "./simulation.ts"

/** What a worker is told to run. */
export interface WorkerTask {
  readonly simulation: string
  readonly recipe: string
  readonly scheduler?: SchedulerOptions
}

export interface WorkerAnswer {
  readonly result: RunResult
  readonly cpuMs: number
  readonly declared: ReadonlyArray<Assertion>
}

export interface CampaignOptions {
  /** Recipes to run, in order; ends the campaign when it ends. */
  readonly recipes: Iterator<string>
  readonly stop: StopRule
  /** Findings after which the campaign ends. Default 1. */
  readonly findingsMax?: number
  readonly scheduler?: SchedulerOptions
  /** A clock in milliseconds, for `stop.forMs`. */
  readonly nowMs?: () => number
  /** Called after every run. */
  readonly onRun?: (result: RunResult, report: CampaignReport) => void
}

class Campaign {
  readonly tally = new Tally()
  declared: ReadonlyArray<Assertion> | undefined
  readonly #options: CampaignOptions
  readonly #startedMs: number
  #over = false

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#startedMs = options.nowMs?.() ?? 0
  }

  next(): string | undefined {
    if (this.#over) return undefined
    const next = this.#options.recipes.next()
    if (next.done === true) this.#over = true
    return next.done === true ? undefined : next.value
  }

  report(): CampaignReport {
    return this.tally.report(this.declared)
  }

  take(result: RunResult, cpuMs: number): void {
    this.tally.add(result, cpuMs)
    const report = this.report()
    const { stop, findingsMax = 1, nowMs, onRun } = this.#options
    const isLate = stop.forMs !== undefined && nowMs !== undefined && nowMs() - this.#startedMs >= stop.forMs
    if (isLate || report.findings.length >= findingsMax || isStable(stop, report)) this.#over = true
    onRun?.(result, report)
  }
}

/** Runs seeds one after the other in this thread. */
export const runSeeds = (simulation: Simulation, options: CampaignOptions): CampaignReport => {
  const campaign = new Campaign(options)
  const { scheduler } = options
  for (let recipe = campaign.next(); recipe !== undefined; recipe = campaign.next()) {
    const before = threadCpuMs()
    const result = simulation.run({
      seed: recipeOf(recipe),
      ...(scheduler === undefined ? {} : { scheduler })
    })
    campaign.take(result, threadCpuMs() - before)
  }
  return campaign.report()
}

// The package is JavaScript, the repository TypeScript: the worker is a file of the same kind. It stands
// beside this one, and not in the bundle of the command line: what it imports first has to run before Effect
// is loaded, an order that a bundle does not keep.
const workerFile = import.meta.url.endsWith(".ts")
  ? new URL("../sim/run-worker.ts", import.meta.url)
  : new URL("../sim/run-worker.js", import.meta.url)

/**
 * A run makes many objects that it soon forgets, and keeps those of its cluster until it ends: with room for
 * several runs, what a run has kept is garbage when somebody looks, and is not copied to and fro before.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 64 }

/** Runs seeds of a named simulation over worker threads. Dies where a worker does. */
export const runSeedsOverWorkers = (
  simulation: string,
  jobs: number,
  options: CampaignOptions
): Effect.Effect<CampaignReport> =>
  Effect.callback<CampaignReport>((resume) => {
    const campaign = new Campaign(options)
    const workers = Array.from(
      { length: Math.max(1, jobs) },
      () => new Worker(workerFile, { resourceLimits })
    )
    let busy = 0
    const stop = () => {
      for (const worker of workers) void worker.terminate()
    }
    const feed = (worker: Worker): void => {
      const recipe = campaign.next()
      if (recipe === undefined) {
        if (busy > 0) return
        stop()
        resume(Effect.succeed(campaign.report()))
        return
      }
      busy++
      const { scheduler } = options
      worker.postMessage({ simulation, recipe, ...(scheduler === undefined ? {} : { scheduler }) })
    }
    for (const worker of workers) {
      worker.on("message", ({ result, cpuMs, declared }: WorkerAnswer) => {
        busy--
        campaign.declared = declared
        campaign.take(result, cpuMs)
        feed(worker)
      })
      worker.on("error", (error) => {
        stop()
        resume(Effect.die(error))
      })
    }
    for (const worker of workers) feed(worker)
    return Effect.sync(stop)
  })
