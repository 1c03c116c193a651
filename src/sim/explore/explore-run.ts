/** Exploring a simulation: its assertions are the marks, its findings the failures. */
import { Effect } from "effect"
import type { Assertion } from "../assert.ts"
import { formatRecipe, type Recipe } from "../kernel/random.ts"
import { threadCpuMs } from "../runs/cpu.ts"
import { type CampaignReport, type Finding, Tally } from "../runs/report.ts"
import type { RunFailure, RunResult } from "../runs/result.ts"
import { ThreadPast } from "../runs/thread-past.ts"
import type { Simulation } from "../simulation.ts"
import { overWorkers, type TaskSource, type WorkerTask } from "../worker-pool.ts"
import { Exploration, type Explored, type ExploreReport, explore, type SearchOptions } from "./explore.ts"
import { watchedForExploration } from "./protocol-marks.ts"

export interface ExploredRuns extends ExploreReport {
  /** The findings by their recipe, as `run` gives them. */
  readonly findings: ReadonlyMap<string, RunFailure>
  /** What the runs came to together, as of a campaign of seeds: `reportLines` makes text of it. */
  readonly campaign: CampaignReport
}

/** Adds up the runs of an exploration. */
class ExploredSums {
  readonly #tally = new Tally()
  declared: ReadonlyArray<Assertion> | undefined

  add(result: RunResult, cpuMs: number, before: ReadonlyArray<string>): Explored {
    this.#tally.add(result, cpuMs, before)
    const { failure, marks } = result
    return failure === undefined ? { marks } : { marks, failure: failure.name }
  }

  addLost(finding: Finding): Explored {
    this.#tally.addLost(finding)
    return { marks: [], failure: finding.failure.name }
  }

  campaign(): CampaignReport {
    return this.#tally.report(this.declared)
  }

  report(report: ExploreReport): ExploredRuns {
    const campaign = this.campaign()
    const findings = new Map(campaign.findings.map(({ recipe, failure }) => [recipe, failure]))
    return { ...report, findings, campaign }
  }
}

/**
 * Explores a simulation: what a run comes upon for the first time (`sometimes`, `reachable`, a new shape of
 * `sometimesEach`, a higher `watermark`; of a cluster also what its leaders and its master do) is gone on
 * from with other randomness.
 *
 * @example
 * const { findings } = exploreRuns(lockSimulation, { runsMax: 1000 })
 */
export const exploreRuns = (simulation: Simulation, options: SearchOptions = {}): ExploredRuns => {
  const sums = new ExploredSums()
  const watched = watchedForExploration(simulation)
  const past = new ThreadPast()
  const run = (recipe: Recipe): Explored => {
    const startedMs = threadCpuMs()
    const result = watched.run({ seed: recipe })
    const before = result.failure === undefined ? [] : past.recipes()
    past.add(result.recipe)
    return sums.add(result, threadCpuMs() - startedMs, before)
  }
  return sums.report(explore({ ...options, run }))
}

export interface WorkerSearchOptions extends SearchOptions {
  /** A run that takes longer, in milliseconds of real time, is a finding. Default two minutes and more. */
  readonly hangMs?: number | undefined
  /** Called with the sums after every run. */
  readonly onSums?: (campaign: CampaignReport) => void
}

/**
 * `exploreRuns` of a named simulation over worker threads: the same runs, and the same findings, however many
 * threads there are. Dies where a worker does.
 */
export const exploreRunsOverWorkers = (
  simulation: string,
  jobs: number,
  options: WorkerSearchOptions = {}
): Effect.Effect<ExploredRuns> =>
  Effect.suspend(() => {
    const exploration = new Exploration(options)
    const sums = new ExploredSums()
    const underWay: Array<WorkerTask> = []
    const learnedBy = new Map<WorkerTask, () => Explored>()
    // Learned from in the order in which they were handed out, whichever thread was faster.
    const learn = () => {
      for (let task = underWay[0]; task !== undefined && !exploration.isOver; task = underWay[0]) {
        const explored = learnedBy.get(task)
        if (explored === undefined) return
        learnedBy.delete(task)
        underWay.shift()
        exploration.take(explored())
        options.onSums?.(sums.campaign())
      }
    }
    const source: TaskSource = {
      next: () => {
        const recipe = exploration.next()
        if (recipe === undefined) return undefined
        const task = { simulation, recipe: formatRecipe(recipe), isExploring: true }
        underWay.push(task)
        return task
      },
      take: (task, { result, cpuMs, declared }, before) => {
        learnedBy.set(task, () => {
          sums.declared = declared
          return sums.add(result, cpuMs, before)
        })
        learn()
      },
      lost: (task, failure, before) => {
        learnedBy.set(task, () => sums.addLost({ simulation, recipe: task.recipe, failure, before }))
        learn()
      }
    }
    return Effect.map(overWorkers(jobs, source, { hangMs: options.hangMs }), () =>
      sums.report(exploration.report)
    )
  })
