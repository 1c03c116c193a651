/** Threads that run seeds and recipes of named simulations, each the next one that there is. */
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Assertion } from "./assert.ts"
import type { SchedulerOptions } from "./kernel/scheduler-options.ts"
import type { RunResult } from "./runs/result.ts"

/** What a worker is told to run. */
export interface WorkerTask {
  readonly simulation: string
  readonly recipe: string
  readonly scheduler?: SchedulerOptions
  /** Whether the marks of the run are to be those that exploration goes on from. */
  readonly isExploring?: boolean
}

export interface WorkerAnswer {
  readonly result: RunResult
  readonly cpuMs: number
  readonly declared: ReadonlyArray<Assertion>
}

/** Where the tasks come from, and where what became of them goes. */
export interface TaskSource {
  /** Undefined: nothing for now, and where nothing is under way either, nothing any more. */
  readonly next: () => WorkerTask | undefined
  readonly take: (task: WorkerTask, answer: WorkerAnswer) => void
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

/** Runs all tasks of a source over so many worker threads. Dies where a worker does. */
export const overWorkers = (jobs: number, source: TaskSource): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const workers = Array.from(
      { length: Math.max(1, jobs) },
      () => new Worker(workerFile, { resourceLimits })
    )
    const idle = [...workers]
    const underWay = new Map<Worker, WorkerTask>()
    const stop = () => {
      for (const worker of workers) void worker.terminate()
    }
    const feed = (): void => {
      while (idle.length > 0) {
        const task = source.next()
        if (task === undefined) break
        const worker = idle.shift()!
        underWay.set(worker, task)
        worker.postMessage(task)
      }
      if (underWay.size > 0) return
      stop()
      resume(Effect.void)
    }
    for (const worker of workers) {
      worker.on("message", (answer: WorkerAnswer) => {
        const task = underWay.get(worker)!
        underWay.delete(worker)
        idle.push(worker)
        source.take(task, answer)
        feed()
      })
      worker.on("error", (error) => {
        stop()
        resume(Effect.die(error))
      })
    }
    feed()
    return Effect.sync(stop)
  })
