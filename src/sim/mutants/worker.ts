/**
 * A thread that loads mutants one after the other and runs seeds against each until one of its scenarios
 * fails.
 */
import { parentPort } from "node:worker_threads"
import { importMutated } from "./hooks.ts"
import { type Mutant, standstillLaw } from "./mutant.ts"
import { trial as soundTrial, type Trial } from "./trial.ts"

/** What the thread is asked. */
export interface Job {
  readonly mutant: Mutant
  /** Runs at most. */
  readonly seeds: number
}

/** What it tells: the thread stands still where `Ran` does not come, once the mutant is loaded. */
export type Word =
  | { readonly _tag: "Loaded" }
  | { readonly _tag: "Ran"; readonly seeds: number }
  | { readonly _tag: "Done"; readonly result: JobResult }

export interface JobResult {
  readonly id: string
  /** Runs made, the one that failed included. */
  readonly seeds: number
  readonly killed: Killed | undefined
  /** The mutant could not be tried. */
  readonly problem: string | undefined
  readonly cpuMs: number
}

export interface Killed {
  readonly scenario: string
  readonly seed: number
  readonly law: string
  readonly message: string
}

const cpuMs = (since: NodeJS.CpuUsage): number => {
  const used = process.threadCpuUsage(since)
  return (used.user + used.system) / 1000
}

const work = async ({ mutant, seeds }: Job, tell: (word: Word) => void): Promise<JobResult> => {
  const started = process.threadCpuUsage()
  const result = (ran: number, killed: Killed | undefined, problem?: string): JobResult => ({
    id: mutant.id,
    seeds: ran,
    killed,
    problem,
    cpuMs: cpuMs(started)
  })
  try {
    const { trial } = (await importMutated("sim/mutants/trial.ts", mutant)) as { readonly trial: Trial }
    tell({ _tag: "Loaded" })
    for (let ran = 0; ran < seeds; ran++) {
      const scenario = mutant.scenarios[ran % mutant.scenarios.length]!
      const seed = 1 + Math.floor(ran / mutant.scenarios.length)
      const failure = trial(scenario, seed)
      tell({ _tag: "Ran", seeds: ran + 1 })
      if (failure === undefined || (failure.isStandstill && mutant.law !== standstillLaw)) continue
      // What fails without the mutant, too, says nothing about it.
      if (soundTrial(scenario, seed) !== undefined) continue
      const { law, message } = failure
      return result(ran + 1, { scenario, seed, law, message })
    }
    return result(seeds, undefined)
  } catch (error) {
    return result(0, undefined, error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  }
}

const port = parentPort
if (port !== null) {
  const tell = (word: Word) => port.postMessage(word)
  port.on("message", (job: Job) => {
    void work(job, tell).then((result) => tell({ _tag: "Done", result }))
  })
}
