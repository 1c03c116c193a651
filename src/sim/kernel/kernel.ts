/**
 * The deterministic kernel: runs an Effect program and all nodes it starts, synchronously, under virtual time
 * and one seed.
 */
import { Data, Effect, type Exit, type Fiber } from "effect"
import { AmbientGuard, type Leak } from "../guards/guards.ts"
import { Trace, type TraceEntry } from "../trace/trace.ts"
import { type NodeTimeOptions, VirtualTime } from "./clock.ts"
import type { Defect } from "./defects.ts"
import { SimNode } from "./node.ts"
import { CountedRandom, type Recipe } from "./random.ts"
import { ReadyList, type Strand } from "./scheduler.ts"
import type { SchedulerOptions } from "./scheduler-options.ts"

export interface Budgets {
  /** Tasks run in all. Default unlimited. */
  readonly steps?: number
  /** Virtual time, in milliseconds. Default one hour. */
  readonly virtualMs?: number
  /** Real time, in milliseconds; the only budget that does not end equal runs equally. Default unlimited. */
  readonly realMs?: number
  /** Tasks run while virtual time stands still. Default 1,000,000. */
  readonly stepsPerInstant?: number
}

export interface KernelOptions {
  /** A seed, or a recipe that continues one seed with others. */
  readonly seed: number | Recipe
  readonly scheduler?: SchedulerOptions
  /** How events of one instant are ordered: drawn, or in the order they were set. Default drawn. */
  readonly ties?: "drawn" | "fifo"
  readonly budgets?: Budgets
  /** Keeps a fingerprint of each draw, for `firstDifference` of two runs. */
  readonly recordDraws?: boolean
  /** Receives each entry of the full trace. */
  readonly listen?: (entry: TraceEntry) => void
  /** Called after every task; a law that throws here ends the run with `Threw`. */
  readonly afterStep?: () => void
  /**
   * Called with what a task of a node threw outside of every fiber, which nobody catches; false: it ends the
   * run with `Threw`.
   */
  readonly onUncaught?: (node: string, error: unknown) => boolean
  /** Hears of the defects of a node that would be silent otherwise. */
  readonly onDefect?: (node: string, defect: Defect) => void
}

/** How a run ended. Everything but `Completed` is a finding. */
export type Outcome<A, E> = Data.TaggedEnum<{
  /** The program ended by itself. */
  Completed: { readonly exit: Exit.Exit<A, E> }
  /** `halt` was called: somebody knows enough. */
  Halted: { readonly reason: unknown }
  /**
   * Nothing is ready and no timer is set, but the program waits; `frozen` names nodes that hold tasks back.
   */
  Deadlock: { readonly frozen: ReadonlyArray<string> }
  /** Virtual time stands still while tasks go on; `busiest` ran most of the last ones. */
  Livelock: { readonly busiest: string; readonly steps: number }
  OutOfSteps: { readonly steps: number }
  OutOfVirtualTime: { readonly virtualMs: number }
  OutOfRealTime: { readonly realMs: number }
  /** Something used a real clock, timer, promise or randomness. */
  Leaked: { readonly leak: Leak }
  /** A task outside any fiber threw (a message handler, a law). */
  Threw: { readonly error: unknown }
}>

interface OutcomeDefinition extends Data.TaggedEnum.WithGenerics<2> {
  readonly taggedEnum: Outcome<this["A"], this["B"]>
}
export const Outcome = Data.taggedEnum<OutcomeDefinition>()

/** The figures of a run so far. */
export interface KernelStats {
  readonly steps: number
  readonly draws: number
  readonly virtualMs: number
  readonly traceEvents: number
}

const realNowMs = (() => {
  const real = performance
  const now = real.now
  return () => now.call(real)
})()

/**
 * One run. Make a kernel, add nodes, build the simulated ports on it, then `run` the program that drives
 * them.
 *
 * The program runs in the `world`, a node whose clock is the true time. Two runs with the same options and
 * program give the same `digest()`, whatever the machine.
 *
 * @example
 * const kernel = new Kernel({ seed: 7 })
 * const outcome = kernel.run(Effect.sleep("1 hour").pipe(Effect.as("done")))
 * // Completed, after no real time; kernel.stats().virtualMs is 3_600_000
 */
export class Kernel {
  readonly random: CountedRandom
  readonly trace: Trace
  readonly ready: ReadyList
  readonly time: VirtualTime
  /** The node of the program itself, of faults and of laws: true time, never frozen. */
  readonly world: SimNode
  readonly nodes: Array<SimNode> = []
  readonly #options: KernelOptions
  readonly #names = new Set<string>()
  readonly #instantSteps = new Map<string, number>()
  #halted: { readonly reason: unknown } | undefined

  constructor(options: KernelOptions) {
    this.#options = options
    this.random = new CountedRandom(options.seed, { record: options.recordDraws ?? false })
    this.trace = new Trace(options.listen)
    this.ready = new ReadyList(this.random, options.scheduler)
    this.time = new VirtualTime(this.random, this.trace, options.ties)
    this.world = new SimNode(this, "world")
    this.world.boot()
  }

  /** A machine of the run; its process starts with `boot()`. Names must differ. */
  addNode(name: string, clock?: NodeTimeOptions): SimNode {
    if (this.#names.has(name) || name === "world") throw new Error(`there is already a node called ${name}`)
    this.#names.add(name)
    const node = new SimNode(this, name, clock)
    this.nodes.push(node)
    return node
  }

  /** The strand of the world, for events that belong to no process (the network, the hardware). */
  get worldStrand(): Strand {
    return this.world.incarnation!.scheduler.strand
  }

  /** Ends the run after the task being run, with `Halted`. The first reason stays. */
  halt(reason: unknown): void {
    this.#halted ??= { reason }
  }

  /** Hash of everything drawn and traced so far; equal for equal runs. */
  digest(): string {
    const draws = (this.random.fingerprint >>> 0).toString(16).padStart(8, "0")
    return `${this.trace.digest()}${draws}${this.random.count.toString(16)}`
  }

  stats(): KernelStats {
    return {
      steps: this.ready.steps,
      draws: this.random.count,
      virtualMs: this.time.nowMicros / 1000,
      traceEvents: this.trace.events
    }
  }

  /**
   * Runs the program, and all that it starts, until it ends or the run cannot go on. Never throws for what
   * they do.
   */
  run<A, E>(program: Effect.Effect<A, E>): Outcome<A, E> {
    const guard = new AmbientGuard(this.random.recipe.seed)
    const startedMs = realNowMs()
    guard.install()
    try {
      const fiber = Effect.runForkWith(this.world.incarnation!.context)(program)
      return this.#loop(fiber, guard, startedMs)
    } catch (error) {
      return guard.leak === undefined ? Outcome.Threw({ error }) : Outcome.Leaked({ leak: guard.leak })
    } finally {
      guard.uninstall()
    }
  }

  #loop<A, E>(fiber: Fiber.Fiber<A, E>, guard: AmbientGuard, startedMs: number): Outcome<A, E> {
    const { steps = Number.POSITIVE_INFINITY, realMs = Number.POSITIVE_INFINITY } =
      this.#options.budgets ?? {}
    const { virtualMs = 3_600_000, stepsPerInstant = 1_000_000 } = this.#options.budgets ?? {}
    const { ready, time } = this
    const afterStep = this.#options.afterStep
    for (;;) {
      if (guard.leak !== undefined) return Outcome.Leaked({ leak: guard.leak })
      if (this.#halted !== undefined) return Outcome.Halted(this.#halted)
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return Outcome.Completed({ exit })
      if (!this.#step()) {
        if (!time.advance(ready.steps)) return Outcome.Deadlock({ frozen: this.#frozen() })
        if (time.nowMicros > virtualMs * 1000) return Outcome.OutOfVirtualTime({ virtualMs })
        continue
      }
      if (afterStep !== undefined) afterStep()
      if (ready.steps >= steps) return Outcome.OutOfSteps({ steps: ready.steps })
      const still = ready.steps - time.movedAtStep
      if (still > stepsPerInstant - 1000 && this.#spins(still, stepsPerInstant)) {
        return Outcome.Livelock({ busiest: this.#busiest(), steps: still })
      }
      if ((ready.steps & 1023) === 0 && realNowMs() - startedMs > realMs)
        return Outcome.OutOfRealTime({ realMs })
    }
  }

  /** Runs one ready task; false when there is none. */
  #step(): boolean {
    try {
      return this.ready.step()
    } catch (error) {
      const node = this.ready.lastStrand?.owner.name
      if (node === undefined || this.#options.onUncaught?.(node, error) !== true) throw error
      return true
    }
  }

  /** What hears of the defects of nodes. */
  get onDefect(): KernelOptions["onDefect"] {
    return this.#options.onDefect
  }

  /** Counts whose the last thousand steps before the livelock guard are, to name the culprit. */
  #spins(still: number, limit: number): boolean {
    const name = this.ready.lastStrand?.owner.name ?? "nobody"
    if (still === Math.max(1, limit - 999)) this.#instantSteps.clear()
    this.#instantSteps.set(name, (this.#instantSteps.get(name) ?? 0) + 1)
    return still > limit
  }

  #busiest(): string {
    let best = "nobody"
    let most = 0
    for (const [name, count] of this.#instantSteps) {
      if (count > most) {
        best = name
        most = count
      }
    }
    return best
  }

  #frozen(): ReadonlyArray<string> {
    return this.nodes
      .filter(
        (node) => node.incarnation?.scheduler.state === "frozen" && node.incarnation.scheduler.parkedCount > 0
      )
      .map((node) => node.name)
  }
}
