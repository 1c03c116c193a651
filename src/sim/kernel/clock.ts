/**
 * Virtual time: one true time with a heap of events, and for each node a clock of its own that may be off,
 * drift or jump.
 */
import { Duration, Effect } from "effect"
import type { AlarmShape } from "../../runtime/alarm.ts"
import type { MillisClock } from "../../runtime/monotonic.ts"
import type { Trace } from "../trace/trace.ts"
import type { CountedRandom } from "./random.ts"
import { type NodeScheduler, Strand } from "./scheduler.ts"

/**
 * Something that happens at an instant of true time, as a task of its strand. May be used again once it has
 * run.
 */
export class TimedEvent {
  atMicros = 0
  sequence = 0
  strand: Strand
  run: () => void
  cancelled = false
  /** Whether it stands in the heap. */
  waiting = false

  constructor(strand: Strand, run: () => void) {
    this.strand = strand
    this.run = run
  }
}

const earlier = (a: TimedEvent, b: TimedEvent): boolean =>
  a.atMicros < b.atMicros || (a.atMicros === b.atMicros && a.sequence < b.sequence)

/**
 * True time, in whole microseconds from the start of the run, which no node can see. It moves only when
 * nothing is ready, to the next event. Events of one instant become ready together, and the ready list draws
 * their order (`ties: "drawn"`), or they become ready one after the other in the order they were set
 * (`"fifo"`).
 */
export class VirtualTime {
  nowMicros = 0
  /** Scheduler steps at the last move of time: the livelock guard counts from here. */
  movedAtStep = 0
  readonly #random: CountedRandom
  readonly #trace: Trace
  readonly #drawnTies: boolean
  readonly #heap: Array<TimedEvent> = []
  #sequence = 0
  #cancelled = 0

  constructor(random: CountedRandom, trace: Trace, ties: "drawn" | "fifo" = "drawn") {
    this.#random = random
    this.#trace = trace
    this.#drawnTies = ties === "drawn"
  }

  get pending(): number {
    return this.#heap.length - this.#cancelled
  }

  /** Lets an event happen at an instant (now, if that is past). An event can stand in the heap only once. */
  schedule(event: TimedEvent, atMicros: number): void {
    event.atMicros = Math.max(atMicros, this.nowMicros)
    event.sequence = this.#sequence++
    event.cancelled = false
    event.waiting = true
    const heap = this.#heap
    let index = heap.length
    heap.push(event)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]!
      if (earlier(above, event)) break
      heap[index] = above
      index = parent
    }
    heap[index] = event
  }

  /** Calls back in the name of a strand after a while of true time. */
  after(strand: Strand, delayMicros: number, run: () => void): TimedEvent {
    const event = new TimedEvent(strand, run)
    this.schedule(event, this.nowMicros + delayMicros)
    return event
  }

  /**
   * An event that is cancelled leaves the heap without a word; `run` must ask for itself if it is already
   * ready.
   */
  cancel(event: TimedEvent): void {
    if (event.cancelled) return
    event.cancelled = true
    if (!event.waiting) return
    this.#cancelled++
    if (this.#cancelled > 256 && this.#cancelled * 2 > this.#heap.length) this.#compact()
  }

  #compact(): void {
    const live = this.#heap.filter((event) => !event.cancelled && event.strand.owner.state !== "dead")
    live.sort((a, b) => (earlier(a, b) ? -1 : 1))
    this.#heap.length = 0
    for (const event of live) this.#heap.push(event)
    this.#cancelled = 0
  }

  #pop(): TimedEvent {
    const heap = this.#heap
    const top = heap[0]!
    const moved = heap.pop()!
    top.waiting = false
    const length = heap.length
    if (length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= length) break
      if (child + 1 < length && earlier(heap[child + 1]!, heap[child]!)) child++
      if (!earlier(heap[child]!, moved)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = moved
    return top
  }

  /**
   * Moves on to the next event and makes it ready, with all others of that instant unless ties are FIFO.
   * False: none.
   */
  advance(step: number): boolean {
    let found = false
    while (this.#heap.length > 0) {
      const top = this.#heap[0]!
      if (top.cancelled) {
        this.#pop()
        this.#cancelled--
        continue
      }
      if (found && (top.atMicros !== this.nowMicros || !this.#drawnTies)) break
      this.#pop()
      if (top.strand.owner.state === "dead") continue
      if (top.atMicros !== this.nowMicros) this.#moveTo(top.atMicros, step)
      found = true
      top.strand.scheduleTask(top.run, 0)
    }
    return found
  }

  #moveTo(atMicros: number, step: number): void {
    this.nowMicros = atMicros
    this.movedAtStep = step
    this.#random.nowMicros = atMicros
    this.#trace.nowMicros = atMicros
  }
}

export interface NodeTimeOptions {
  /** What the wall clock shows at the start of the run, in milliseconds since 1970. Default 2026-01-01. */
  readonly wallStartMs?: number
  /** How far the wall clock is off, in milliseconds. */
  readonly wallOffsetMs?: number
  /** What the monotonic clock shows at the start of the run, in milliseconds. Default 0. */
  readonly monotonicStartMs?: number
  /** How much faster than true time both clocks run, in parts per million (may be negative). */
  readonly ratePpm?: number
}

const defaultWallStartMs = Date.UTC(2026, 0, 1)

/** The oscillator and the wall clock of a machine; they outlive its processes. */
export class NodeTime {
  readonly #time: VirtualTime
  #baseMicros: number
  #baseLocalMicros: number
  #ratePpm: number
  #wallOffsetMicros: number

  constructor(time: VirtualTime, options: NodeTimeOptions = {}) {
    this.#time = time
    this.#baseMicros = time.nowMicros
    this.#baseLocalMicros = (options.monotonicStartMs ?? 0) * 1000
    this.#ratePpm = options.ratePpm ?? 0
    const wallMs = (options.wallStartMs ?? defaultWallStartMs) + (options.wallOffsetMs ?? 0)
    this.#wallOffsetMicros = wallMs * 1000 - this.#baseLocalMicros
  }

  get ratePpm(): number {
    return this.#ratePpm
  }

  /** What the monotonic clock shows, in microseconds (with fractions). Never goes back. */
  monotonicMicros(): number {
    const elapsed = this.#time.nowMicros - this.#baseMicros
    return this.#baseLocalMicros + elapsed + (elapsed * this.#ratePpm) / 1e6
  }

  /** What the wall clock shows, in microseconds since 1970. */
  wallMicros(): number {
    return this.monotonicMicros() + this.#wallOffsetMicros
  }

  /** The oscillator runs at another rate from now on. */
  setRate(ratePpm: number): void {
    if (ratePpm <= -1e6)
      throw new RangeError("a clock cannot stand still or run backwards: the rate is above -1,000,000 ppm")
    this.#baseLocalMicros = this.monotonicMicros()
    this.#baseMicros = this.#time.nowMicros
    this.#ratePpm = ratePpm
  }

  /**
   * The wall clock is set forward (or back, where negative) by some milliseconds. The monotonic clock goes
   * on.
   */
  jumpWall(byMs: number): void {
    this.#wallOffsetMicros += byMs * 1000
  }

  /**
   * True microseconds until the monotonic clock shows `localMicros`, rounded up: a timer is late, never
   * early.
   */
  trueMicrosUntil(localMicros: number): number {
    const local = localMicros - this.monotonicMicros()
    return local <= 0 ? 0 : Math.ceil(local / (1 + this.#ratePpm / 1e6))
  }
}

/** Effect's Clock for the fibers of one life of a node: its machine's time, its own timers. */
export class NodeClock implements MillisClock {
  readonly time: NodeTime
  readonly #virtual: VirtualTime
  readonly #scheduler: NodeScheduler

  constructor(virtual: VirtualTime, time: NodeTime, scheduler: NodeScheduler) {
    this.#virtual = virtual
    this.time = time
    this.#scheduler = scheduler
  }

  currentTimeMillisUnsafe(): number {
    return Math.floor(this.time.wallMicros() / 1000)
  }
  currentTimeNanosUnsafe(): bigint {
    return BigInt(Math.floor(this.time.wallMicros())) * 1000n
  }
  monotonicTimeNanosUnsafe(): bigint {
    return BigInt(Math.floor(this.time.monotonicMicros() * 1000))
  }
  monotonicMsUnsafe(): number {
    return Math.floor(this.time.monotonicMicros() * 1000) / 1e6
  }
  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  /** Waits on the monotonic clock of the node: a change of its rate matters, a jump of the wall clock not. */
  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.withFiber((fiber) => {
      const dispatcher = fiber.currentDispatcher
      return this.#sleepIn(dispatcher instanceof Strand ? dispatcher : this.#scheduler.strand, millis * 1000)
    })
  }

  #sleepIn(strand: Strand, localMicros: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const event = this.#wake(strand, localMicros, () => resume(Effect.void))
      return Effect.sync(() => this.#virtual.cancel(event))
    })
  }

  #wake(strand: Strand, localMicros: number, wake: () => void): TimedEvent {
    const deadline = this.time.monotonicMicros() + localMicros
    const event = new TimedEvent(strand, () => {
      if (event.cancelled) return
      // The clock may have been slowed down meanwhile.
      const wait = this.time.trueMicrosUntil(deadline)
      if (wait > 0) this.#virtual.schedule(event, this.#virtual.nowMicros + wait)
      else wake()
    })
    this.#virtual.schedule(event, this.#virtual.nowMicros + this.time.trueMicrosUntil(deadline))
    return event
  }

  /** An alarm on the monotonic clock, with a strand of its own, that needs no fiber. */
  readonly alarm = (): AlarmShape => {
    const strand = this.#scheduler.newStrand()
    return {
      after: (delayMs, ring) => {
        const event = this.#wake(strand, delayMs * 1000, ring)
        return () => this.#virtual.cancel(event)
      }
    }
  }
}
