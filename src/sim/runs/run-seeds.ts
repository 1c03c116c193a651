/** Campaigns: many seeds of one simulation, in this thread or over worker threads. */
import { Effect } from "effect"
import type { Assertion } from "../assert.ts"
import type { SchedulerOptions } from "../kernel/scheduler-options.ts"
import { expectLimit, expectMs } from "../refuse.ts"
import type { Simulation } from "../simulation.ts"
import { overWorkers, type TaskSource } from "../worker-pool.ts"
import { threadCpuMs } from "./cpu.ts"
import { type CampaignReport, type Finding, Tally } from "./report.ts"
import type { RunResult } from "./result.ts"
import { isStable, recipeOf, type StopRule } from "./seeds.ts"
import { ThreadPast } from "./thread-past.ts"

export interface CampaignOptions {
  /** Recipes to run, in order; ends the campaign when it ends. */
  readonly recipes: Iterator<string>
  readonly stop: StopRule
  /** Findings after which the campaign ends. Default 1. */
  readonly findingsMax?: number
  readonly scheduler?: SchedulerOptions
  /** A clock in milliseconds, for `stop.forMs`. */
  readonly nowMs?: () => number
  /** Called after every run that came to its end. */
  readonly onRun?: (result: RunResult, report: CampaignReport) => void
  /** Called with the sums after every run, also after one that took its thread with it. */
  readonly onSums?: (report: CampaignReport) => void
}

class Campaign {
  readonly tally = new Tally()
  declared: ReadonlyArray<Assertion> | undefined
  readonly #options: CampaignOptions
  readonly #startedMs: number
  #over = false

  constructor(options: CampaignOptions) {
    expectLimit("findingsMax", options.findingsMax, 1)
    expectLimit("stop: stableRuns", options.stop.stableRuns, 1)
    expectMs("stop: forMs", options.stop.forMs)
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

  take(result: RunResult, cpuMs: number, before: ReadonlyArray<string>): void {
    this.tally.add(result, cpuMs, before)
    const report = this.#consider()
    this.#options.onRun?.(result, report)
  }

  takeLost(finding: Finding): void {
    this.tally.addLost(finding)
    this.#consider()
  }

  /** Whether that is all. */
  #consider(): CampaignReport {
    const report = this.report()
    this.#options.onSums?.(report)
    const { stop, findingsMax = 1, nowMs } = this.#options
    const isLate = stop.forMs !== undefined && nowMs !== undefined && nowMs() - this.#startedMs >= stop.forMs
    if (isLate || report.findings.length >= findingsMax || isStable(stop, report)) this.#over = true
    return report
  }
}

/** Runs seeds one after the other in this thread. */
export const runSeeds = (simulation: Simulation, options: CampaignOptions): CampaignReport => {
  const campaign = new Campaign(options)
  const past = new ThreadPast()
  const { scheduler } = options
  for (let recipe = campaign.next(); recipe !== undefined; recipe = campaign.next()) {
    const startedMs = threadCpuMs()
    const result = simulation.run({
      seed: recipeOf(recipe),
      ...(scheduler === undefined ? {} : { scheduler })
    })
    campaign.take(result, threadCpuMs() - startedMs, result.failure === undefined ? [] : past.recipes())
    past.add(recipe)
  }
  return campaign.report()
}

export interface WorkerCampaignOptions extends CampaignOptions {
  /** A run that takes longer, in milliseconds of real time, is a finding. Default two minutes and more. */
  readonly hangMs?: number | undefined
}

/** Runs seeds of a named simulation over worker threads. Dies where a worker does. */
export const runSeedsOverWorkers = (
  simulation: string,
  jobs: number,
  options: WorkerCampaignOptions
): Effect.Effect<CampaignReport> =>
  Effect.suspend(() => {
    const campaign = new Campaign(options)
    const { scheduler } = options
    const source: TaskSource = {
      next: () => {
        const recipe = campaign.next()
        if (recipe === undefined) return undefined
        return { simulation, recipe, ...(scheduler === undefined ? {} : { scheduler }) }
      },
      take: (_task, { result, cpuMs, declared }, before) => {
        campaign.declared = declared
        campaign.take(result, cpuMs, before)
      },
      lost: ({ recipe }, failure, before) => campaign.takeLost({ simulation, recipe, failure, before })
    }
    return Effect.map(overWorkers(jobs, source, { hangMs: options.hangMs }), () => campaign.report())
  })
