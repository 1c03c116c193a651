/**
 * A thread that loads mutants one after the other and runs seeds against each until one of its scenarios
 * fails.
 */
import { parentPort } from "node:worker_threads"
import { importMutated } from "./hooks.ts"
import type { Mutant } from "./mutant.ts"
import { trial as soundTrial, type Trial } from "./trial.ts"
import { type Killed, tryMutant } from "./tries.ts"

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
  | { readonly _tag: "FailedAnyway"; readonly run: Killed }
  | { readonly _tag: "Done"; readonly result: JobResult }

/** What the thread knows of a mutant when it is done with it. */
export interface JobResult {
  readonly id: string
  /** Runs made, the one that failed included. */
  readonly seeds: number
  readonly killed: Killed | undefined
  /** The mutant could not be tried. */
  readonly problem: string | undefined
  readonly cpuMs: number
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
    const { ran, killed } = tryMutant({ mutant, seeds, trial, soundTrial, tell })
    return result(ran, killed)
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
