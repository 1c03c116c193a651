/** The campaign over mutants: threads that try them, and a watch over those that hang. */
import { Worker } from "node:worker_threads"
import { Effect, Option, Queue, type Scope } from "effect"
import type { Mutant } from "./mutant.ts"
import type { Killed } from "./tries.ts"
import type { Job, JobResult as JobDone, Word } from "./worker.ts"

/** What became of a mutant. */
export interface JobResult extends JobDone {
  /** Runs of it that fail without the mutant, too: findings that say nothing about it. */
  readonly failedAnyway: ReadonlyArray<Killed>
}

export interface CampaignOptions {
  readonly mutants: ReadonlyArray<Mutant>
  /** Runs at most for each mutant. Default 200. */
  readonly seeds?: number
  /** Threads. Default 1. */
  readonly jobs?: number
  /**
   * A single run that takes longer than this, in milliseconds of real time, hangs: that kills the mutant too.
   * Default 60,000.
   */
  readonly hangMs?: number
  readonly onResult?: (result: JobResult) => void
}

type Heard = Word | { readonly _tag: "Broke"; readonly reason: string }

/** A thread that runs jobs, and what is heard of it. */
interface Thread {
  readonly worker: Worker
  readonly heard: Queue.Queue<Heard>
}

const startThread: Effect.Effect<Thread> = Effect.gen(function* () {
  const heard = yield* Queue.unbounded<Heard>()
  // Not the loaders of whoever started this: they would have changed the sources before the mutant's edits
  // are made.
  const options = { execArgv: [], stdout: true, stderr: true }
  const worker = new Worker(new URL("./worker.ts", import.meta.url), options)
  // What simulated nodes log while they die of a mutant is nothing that anybody wants to read.
  worker.stdout.resume()
  worker.stderr.resume()
  worker.on("message", (word: Word) => Queue.offerUnsafe(heard, word))
  worker.on("error", (error) => Queue.offerUnsafe(heard, { _tag: "Broke", reason: String(error) }))
  return { worker, heard }
})

const endThread = (thread: Thread): Effect.Effect<void> => Effect.sync(() => void thread.worker.terminate())

/** Threads are kept from job to job, and replaced when they hang or break. */
class Lane {
  #thread: Thread | undefined
  readonly #hangMs: number

  constructor(hangMs: number) {
    this.#hangMs = hangMs
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const thread = this.#thread
    this.#thread = undefined
    return thread === undefined ? Effect.void : endThread(thread)
  })

  run(job: Job): Effect.Effect<JobResult> {
    return Effect.gen({ self: this }, function* () {
      const thread = (this.#thread ??= yield* startThread)
      thread.worker.postMessage(job)
      let ran = 0
      const failedAnyway: Array<Killed> = []
      // How long loading takes is up to the machine: no mutant hangs in it.
      let limitMs = Number.POSITIVE_INFINITY
      while (true) {
        const heard = yield* Queue.take(thread.heard).pipe(Effect.timeoutOption(limitMs))
        if (Option.isNone(heard)) {
          yield* this.close
          return { ...bare(job, ran + 1), failedAnyway, killed: hung(job, ran, this.#hangMs) }
        }
        if (heard.value._tag === "Done") return { ...heard.value.result, failedAnyway }
        if (heard.value._tag === "Broke") {
          yield* this.close
          return { ...bare(job, ran), failedAnyway, problem: heard.value.reason }
        }
        if (heard.value._tag === "FailedAnyway") failedAnyway.push(heard.value.run)
        if (heard.value._tag === "Ran") ran = heard.value.seeds
        limitMs = this.#hangMs
      }
    })
  }
}

const bare = (job: Job, seeds: number): JobDone => ({
  id: job.mutant.id,
  seeds,
  killed: undefined,
  problem: undefined,
  cpuMs: 0
})

const hung = ({ mutant: { scenarios } }: Job, ran: number, hangMs: number): Killed => ({
  scenario: scenarios[ran % scenarios.length]!,
  seed: 1 + Math.floor(ran / scenarios.length),
  law: "a run ends",
  message: `one run took more than ${hangMs} ms`
})

/** Tries every mutant. The results are in the order of the mutants; `onResult` hears of each as it comes. */
export const runCampaign = Effect.fnUntraced(function* (
  options: CampaignOptions
): Effect.fn.Return<ReadonlyArray<JobResult>, never, Scope.Scope> {
  const { mutants, seeds = 200, jobs = 1, hangMs = 60_000 } = options
  const results = new Map<string, JobResult>()
  const waiting = [...mutants]
  const work = Effect.gen(function* () {
    const lane = new Lane(hangMs)
    yield* Effect.addFinalizer(() => lane.close)
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = yield* lane.run({ mutant, seeds })
      results.set(mutant.id, result)
      options.onResult?.(result)
    }
  })
  yield* Effect.all(
    Array.from({ length: Math.min(jobs, mutants.length) }, () => work),
    { concurrency: "unbounded" }
  )
  return mutants.map((mutant) => results.get(mutant.id)!)
})
