/**
 * A process of the simulated world: a machine with a clock and a disk, and on it one life of a program after
 * another.
 */
import { Cause, Effect, Exit, type Fiber, type Scope } from "effect"
import { Bus } from "../runtime/bus/port.ts"
import { Files } from "../runtime/storage/port.ts"
import { awaiting } from "./awaiting.ts"
import type { SimBus } from "./bus/bus.ts"
import type { Place } from "./bus/topology.ts"
import { SimDisk } from "./disk/disk.ts"
import { type DiskOptions, killable } from "./disk/settings.ts"
import type { NodeTimeOptions } from "./kernel/clock.ts"
import type { Kernel } from "./kernel/kernel.ts"
import type { SimNode } from "./kernel/node.ts"
import type { Caller } from "./oracle/callers.ts"

/** What runs: anything over a bus and files, until its scope closes. */
export type Program = Effect.Effect<unknown, unknown, Bus | Files | Scope.Scope>

export interface ProcessOptions {
  readonly name: string
  readonly place?: Partial<Place>
  readonly clock?: NodeTimeOptions
  readonly disk?: DiskOptions
  /** The program of a life, from 1. */
  readonly program: (life: number) => Program
  /**
   * A life ended by itself: returned, failed, or died of a defect. Not called for lives that were killed or
   * stopped.
   */
  readonly onEnd: (process: SimProcess, exit: Exit.Exit<unknown, unknown>) => void
}

/**
 * - `graceful`: asked to stop, as by SIGTERM.
 * - `crash`: gone at once, as by `kill -9`; the machine goes on, and what was being written is completed, in
 *   its cache only, cut short, or not there.
 * - `power`: the machine loses its power: writes that were not durable yet are open.
 * - `wipe`: power, and a new disk.
 */
export type RebootKind = "graceful" | "crash" | "power" | "wipe"

/** How long a process that is asked to stop has for it, in virtual milliseconds. */
const graceMs = 10_000

export class SimProcess {
  readonly name: string
  readonly node: SimNode
  readonly disk: SimDisk
  /** Times that it was started. */
  lives = 0
  /** Whether its last life came to its end by itself, and well: it has nothing more to do. */
  hasReturned = false
  /** Told when a life is over, however it ended. */
  onDown: (() => void) | undefined
  /** Told when a life is about to begin, before it sees the disk. */
  onStart: (() => void) | undefined
  readonly #kernel: Kernel
  readonly #bus: SimBus
  readonly #options: ProcessOptions
  #fiber: Fiber.Fiber<unknown, unknown> | undefined
  #stopping = false
  #startsAgain = false

  constructor(kernel: Kernel, bus: SimBus, options: ProcessOptions) {
    this.#kernel = kernel
    this.#bus = bus
    this.#options = options
    this.name = options.name
    this.node = kernel.addNode(options.name, options.clock)
    this.disk = new SimDisk(kernel, options.name, { faults: killable, ...options.disk })
    bus.place(options.name, options.place ?? {})
  }

  get running(): boolean {
    return this.#fiber !== undefined
  }
  get frozen(): boolean {
    return this.node.incarnation?.scheduler.state === "frozen"
  }

  /** The life under way, as the laws see a client of a group. */
  caller(group: string): Caller {
    const { name, node } = this
    const life = node.incarnation
    const isUnderWay = () =>
      life !== undefined && life === node.incarnation && this.running && !this.#stopping
    return {
      name,
      group,
      state: () => (isUnderWay() ? life!.scheduler.state : "dead"),
      nowMs: () => node.time.monotonicMicros() / 1000,
      thawedAtMs: () => node.thawedAtMs
    }
  }

  /** Starts a life where none is under way, unless the last one returned. */
  resume(): void {
    if (!this.hasReturned) this.start()
  }

  /** Starts a life, unless one is under way; after one that is about to stop, as soon as it has. */
  start(): void {
    if (this.running) {
      this.#startsAgain = this.#stopping
      return
    }
    this.onStart?.()
    const life = this.node.boot()
    this.lives = life.number
    this.hasReturned = false
    this.#stopping = false
    this.#startsAgain = false
    const files = this.disk.mount(life)
    const bus = this.#bus
    const program = Effect.scoped(
      Effect.gen({ self: this }, function* () {
        const connection = yield* bus.connect(life)
        yield* Effect.suspend(() => this.#options.program(life.number)).pipe(
          Effect.provideService(Bus, connection),
          Effect.provideService(Files, files)
        )
      })
    )
    const fiber = life.start(program)
    this.#fiber = fiber
    fiber.addObserver((exit) => {
      if (this.#fiber !== fiber) return
      this.#over()
      if (!this.#stopping) this.#ended(exit)
      else if (this.#startsAgain) this.start()
    })
  }

  #ended(exit: Exit.Exit<unknown, unknown>): void {
    const how = Exit.isSuccess(exit) ? "returned" : String(Cause.squash(exit.cause))
    this.hasReturned = Exit.isSuccess(exit)
    this.#kernel.trace.note("process-ended", this.name, { how })
    this.#options.onEnd(this, exit)
  }

  #over(): void {
    this.#fiber = undefined
    this.onDown?.()
  }

  /**
   * Ends the life under way at once. A machine that lost its power, or its disk, is left with what was
   * durable.
   */
  kill(kind: Exclude<RebootKind, "graceful">): void {
    if (this.running) {
      this.node.kill()
      this.#over()
    }
    this.disk.crash(kind === "crash" ? "process" : "power")
    if (kind === "wipe") this.disk.wipe()
  }

  /** Asks the life under way to stop, waits, and kills it where it does not. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    const fiber = this.#fiber
    if (fiber === undefined) return Effect.void
    this.#stopping = true
    this.node.thaw()
    this.#kernel.trace.note("stop", this.name)
    fiber.interruptUnsafe()
    return Effect.flatMap(
      awaiting(() => this.#fiber !== fiber, { everyMs: 10, forMs: graceMs }),
      (hasStopped) => (hasStopped ? Effect.void : Effect.sync(() => this.kill("crash")))
    )
  })

  freeze(): void {
    if (this.running) this.node.freeze()
  }
  thaw(): void {
    this.node.thaw()
  }
}
