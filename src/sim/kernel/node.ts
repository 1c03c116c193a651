/**
 * A node as the kernel knows it: a machine with a clock, and one life after another of the process that runs
 * on it.
 */
import { Clock, Context, Effect, type Fiber, Logger, Metric, Option, Random, Scheduler, Tracer } from "effect"
import { Alarm } from "../../runtime/alarm.ts"
import { Crashes } from "../../runtime/crashes.ts"
import { ShowsFigures } from "../../runtime/metrics.ts"
import type { Trace } from "../trace/trace.ts"
import { traceLogger } from "../trace/trace-log.ts"
import { NodeClock, NodeTime, type NodeTimeOptions, type VirtualTime } from "./clock.ts"
import { crashesHeard, type Defect, fibersHeard } from "./defects.ts"
import { type CountedRandom, randomService } from "./random.ts"
import { NodeScheduler, type ReadyList } from "./scheduler.ts"

/** What all nodes of a run share. */
export interface Shared {
  readonly ready: ReadyList
  readonly time: VirtualTime
  readonly random: CountedRandom
  readonly trace: Trace
  readonly onDefect?: ((node: string, defect: Defect) => void) | undefined
}

/** Spans get numbers in the order of their making; Effect's own draw theirs from Math.random. */
const numberedTracer = (): Tracer.Tracer => {
  let spans = 0
  const hex = (digits: number) => (++spans).toString(16).padStart(digits, "0")
  return Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      span._traceId = Option.getOrUndefined(options.parent)?.traceId ?? hex(32)
      span._spanId = hex(16)
      return span
    }
  })
}

/** One life of a node's process: its fibers, its clock, its services. */
export class Incarnation {
  readonly node: SimNode
  /** 1 for the first life. */
  readonly number: number
  readonly scheduler: NodeScheduler
  readonly clock: NodeClock
  /** Scheduler, Clock, Alarm, Random, Tracer, loggers and MetricRegistry of this life; ports are added. */
  readonly context: Context.Context<never>

  constructor(shared: Shared, node: SimNode, number: number) {
    this.node = node
    this.number = number
    this.scheduler = new NodeScheduler(shared.ready, node.name)
    this.clock = new NodeClock(shared.time, node.time, this.scheduler)
    const hears = (defect: Defect) => shared.onDefect?.(node.name, defect)
    this.context = Context.empty().pipe(
      Context.add(Scheduler.Scheduler, this.scheduler),
      Context.add(Clock.Clock, this.clock),
      Context.add(Alarm, this.clock.alarm),
      Context.add(Random.Random, randomService(shared.random)),
      Context.add(Tracer.Tracer, numberedTracer()),
      Context.add(Logger.CurrentLoggers, new Set([traceLogger(shared.trace, node.name)])),
      Context.add(Metric.MetricRegistry, new Map()),
      Context.add(ShowsFigures, false),
      Context.add(Crashes, crashesHeard(hears)),
      Context.add(
        Metric.FiberRuntimeMetrics,
        fibersHeard(hears, () => this.context)
      )
    ) as Context.Context<never>
  }

  get alive(): boolean {
    return this.scheduler.state !== "dead"
  }

  /**
   * Starts a program of this life, as a task of its own; observe the fiber for its end (a killed life never
   * ends it).
   */
  start<A, E>(program: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.context)(Effect.andThen(Effect.yieldNow, program))
  }
}

/** A machine of the simulated world. Its clock lives as long as the run; what runs on it comes and goes. */
export class SimNode {
  readonly name: string
  readonly time: NodeTime
  incarnation: Incarnation | undefined
  /** What the monotonic clock showed, in milliseconds, when a process last went on here. */
  thawedAtMs = Number.NEGATIVE_INFINITY
  readonly #shared: Shared
  #lives = 0

  constructor(shared: Shared, name: string, options?: NodeTimeOptions) {
    this.#shared = shared
    this.name = name
    this.time = new NodeTime(shared.time, options)
  }

  /** A new life. The one before it must have been killed or must have ended: it is killed to be sure. */
  boot(): Incarnation {
    this.incarnation?.scheduler.kill()
    this.incarnation = new Incarnation(this.#shared, this, ++this.#lives)
    this.#shared.trace.note("boot", this.name, { life: this.#lives })
    return this.incarnation
  }

  /**
   * The process is gone at once, as by `kill -9`: no finalizer runs, no timer fires, nothing more is
   * delivered.
   */
  kill(): void {
    if (this.incarnation === undefined || !this.incarnation.alive) return
    this.#shared.trace.strike("kill", this.name, { life: this.#lives })
    this.incarnation.scheduler.kill()
  }

  /** The process stands still (a long collection, a suspended machine); its clocks go on. */
  freeze(): void {
    if (this.incarnation?.scheduler.state !== "running") return
    this.#shared.trace.strike("freeze", this.name)
    this.incarnation.scheduler.freeze()
  }

  /** The process goes on: what came due meanwhile happens now, late. */
  thaw(): void {
    if (this.incarnation?.scheduler.state !== "frozen") return
    this.#shared.trace.note("thaw", this.name)
    this.thawedAtMs = this.time.monotonicMicros() / 1000
    this.incarnation.scheduler.thaw()
  }

  /** Sets the wall clock forward or back. */
  jumpClock(byMs: number): void {
    this.#shared.trace.strike("clock-jump", this.name, { byMs })
    this.time.jumpWall(byMs)
  }

  /** Changes how fast both clocks run. */
  setClockRate(ratePpm: number): void {
    this.#shared.trace.strike("clock-rate", this.name, { ratePpm })
    this.time.setRate(ratePpm)
  }
}
