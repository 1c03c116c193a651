/** Threads that run seeds and recipes of named simulations, each the next one that there is. */
import { availableParallelism } from "node:os"
import { type ResourceLimits, Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { Assertion } from "./assert.ts"
import type { SchedulerOptions } from "./kernel/scheduler-options.ts"
import { hangFailure, memoryFailure } from "./runs/lost.ts"
import type { RunFailure, RunResult } from "./runs/result.ts"
import { ThreadPast } from "./runs/thread-past.ts"
import { stackOfThread } from "./thread-stack.ts"

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

/** What a worker says: that it has loaded all that it runs, and then what became of each task. */
export type WorkerWord = { readonly _tag: "Ready" } | { readonly _tag: "Ran"; readonly answer: WorkerAnswer }

/** Where the tasks come from, and where what became of them goes. */
export interface TaskSource {
  /** Undefined: nothing for now, and where nothing is under way either, nothing any more. */
  readonly next: () => WorkerTask | undefined
  /** `before` are the recipes that the thread had run before; told where the run has failed. */
  readonly take: (task: WorkerTask, answer: WorkerAnswer, before: ReadonlyArray<string>) => void
  /** The run has not come to its end and never will, and its thread is gone. */
  readonly lost: (task: WorkerTask, failure: RunFailure, before: ReadonlyArray<string>) => void
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

/** The slowest sound runs take a few seconds of a processor, which a busy machine makes a minute of. */
const hangOfOneMs = 120_000

/** How long a run may take where nobody says it: longer where several threads share a processor. */
const usualHangMs = (jobs: number): number =>
  hangOfOneMs * Math.max(1, Math.ceil(jobs / availableParallelism()))

interface Thread {
  readonly worker: Worker
  readonly past: ThreadPast
  task: WorkerTask | undefined
  /** How often the watch has found it at its task. */
  looks: number
}

const duringTask = ({ task }: Thread): string => (task === undefined ? "" : `, while it ran ${task.recipe}`)

export interface PoolOptions {
  /** A run that takes longer, in milliseconds of real time, hangs: its thread is ended and replaced. */
  readonly hangMs?: number | undefined
  /** What each thread runs. Left out: named simulations. */
  readonly program?: URL
  /** What a thread may keep, in megabytes: a run that needs more is lost. Left out: what Node gives. */
  readonly heapMaxMb?: number
}

class Pool {
  readonly #source: TaskSource
  readonly #program: URL
  readonly #limits: ResourceLimits
  readonly #threads = new Set<Thread>()
  readonly #idle: Array<Thread> = []
  /** Taken for threads that are not there yet. */
  readonly #waiting: Array<WorkerTask> = []
  #resume: (effect: Effect.Effect<void>) => void = () => {}

  constructor(source: TaskSource, { program = workerFile, heapMaxMb }: PoolOptions) {
    this.#source = source
    this.#program = program
    this.#limits =
      heapMaxMb === undefined ? resourceLimits : { ...resourceLimits, maxOldGenerationSizeMb: heapMaxMb }
  }

  run(jobs: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      this.#resume = resume
      for (let started = 0; started < Math.max(1, jobs); started++) this.#start()
      return Effect.sync(() => this.#stop())
    })
  }

  /**
   * Looks after runs that never end. It counts how often it has looked and not the time: a process that was
   * stopped for an hour has looked once.
   */
  watch(hangMs: number): Effect.Effect<never> {
    const everyMs = Math.min(1000, hangMs / 10)
    const looksMax = Math.ceil(hangMs / everyMs)
    const look = Effect.suspend(() => {
      const hanging = [...this.#threads].filter(
        (thread) => thread.task !== undefined && ++thread.looks > looksMax
      )
      return Effect.forEach(hanging, (thread) => this.#giveUp(thread, hangMs), { discard: true })
    })
    return Effect.forever(Effect.andThen(Effect.sleep(everyMs), look))
  }

  #start(): void {
    const worker = new Worker(this.#program, { resourceLimits: this.#limits })
    const thread: Thread = { worker, past: new ThreadPast(), task: undefined, looks: 0 }
    this.#threads.add(thread)
    const isDismissed = () => !this.#threads.has(thread)
    worker.on("message", (word: WorkerWord) => {
      if (isDismissed()) return
      const { task } = thread
      thread.task = undefined
      this.#idle.push(thread)
      if (word._tag === "Ran") this.#take(thread, task!, word.answer)
      this.#feed()
    })
    worker.on("error", (error) => {
      if (isDismissed()) return
      const { message, code } = error as NodeJS.ErrnoException
      const { task } = thread
      if (code === "ERR_WORKER_OUT_OF_MEMORY" && task !== undefined) {
        this.#lose(thread, task, memoryFailure(thread.past.recipes().length))
        return
      }
      this.#end(Effect.die(new Error(`a thread failed${duringTask(thread)}: ${message}`, { cause: error })))
    })
    worker.on("exit", (code) => {
      if (isDismissed()) return
      this.#end(Effect.die(new Error(`a thread ended by itself, exit code ${code}${duringTask(thread)}`)))
    })
  }

  #take({ past }: Thread, task: WorkerTask, answer: WorkerAnswer): void {
    this.#source.take(task, answer, answer.result.failure === undefined ? [] : past.recipes())
    past.add(task.recipe)
  }

  #feed(): void {
    while (this.#idle.length > 0) {
      const task = this.#waiting.shift() ?? this.#source.next()
      if (task === undefined) break
      const thread = this.#idle.shift()!
      thread.task = task
      thread.looks = 0
      thread.worker.postMessage(task)
    }
    if (!this.#isBusy()) this.#end(Effect.void)
  }

  #isBusy(): boolean {
    return this.#waiting.length > 0 || [...this.#threads].some(({ task }) => task !== undefined)
  }

  #giveUp(thread: Thread, hangMs: number): Effect.Effect<void> {
    const { task } = thread
    return Effect.map(stackOfThread(thread.worker), (stack) => {
      // It has come to its end after all, or everything has.
      if (task === undefined || thread.task !== task || !this.#threads.has(thread)) return
      this.#lose(thread, task, hangFailure(hangMs, stack))
    })
  }

  /** Another thread takes the place of this one, if there is anything left to run. */
  #lose(thread: Thread, task: WorkerTask, failure: RunFailure): void {
    this.#dismiss(thread)
    this.#source.lost(task, failure, thread.past.recipes())
    const next = this.#source.next()
    if (next !== undefined) this.#waiting.push(next)
    if (this.#isBusy()) this.#start()
    this.#feed()
  }

  #dismiss(thread: Thread): void {
    this.#threads.delete(thread)
    void thread.worker.terminate()
  }

  #stop(): void {
    for (const thread of this.#threads) this.#dismiss(thread)
  }

  #end(effect: Effect.Effect<void>): void {
    this.#stop()
    this.#resume(effect)
  }
}

/** Runs all tasks of a source over so many worker threads. Dies where a worker does. */
export const overWorkers = (
  jobs: number,
  source: TaskSource,
  options: PoolOptions = {}
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { hangMs = usualHangMs(jobs) } = options
    const pool = new Pool(source, options)
    return Effect.raceFirst(pool.run(jobs), pool.watch(hangMs))
  })
