/**
 * One ready list for all fibers of all nodes: the next task is drawn, so every seed is another interleaving.
 */
import type { Fiber, Scheduler } from "effect"
import type { WorkDispatcher } from "../../runtime/mailbox-consumer.ts"
import type { CountedRandom } from "./random.ts"
import type { ChoiceRule, SchedulerOptions } from "./scheduler-options.ts"

/**
 * What is scheduled in the name of one owner; under `priorities` every fiber and every link is a strand of
 * its own.
 */
export class Strand implements WorkDispatcher {
  readonly owner: NodeScheduler
  priority: number
  readonly #ready: ReadyList

  constructor(ready: ReadyList, owner: NodeScheduler, priority: number) {
    this.#ready = ready
    this.owner = owner
    this.priority = priority
  }

  scheduleTask(task: () => void, priority: number): void {
    this.#ready.add(task, this, priority)
  }

  scheduleWork(work: () => void): void {
    this.#ready.add(this.#ready.hop ? () => this.#ready.runWork(work) : work, this)
  }

  /** Effect calls it from `runSync` only, which would run other nodes' tasks inside this one's stack. */
  flush(): void {
    throw new Error(
      "Effect.runSync of something that suspends cannot be used inside a simulation: fork it instead"
    )
  }
}

/** The tasks that could run now, of all nodes that are running. */
export class ReadyList {
  readonly random: CountedRandom
  readonly hop: boolean
  readonly choice: ChoiceRule
  steps = 0
  forcedYields = 0
  /** Operations until the next forced yield; 0 when fibers are not preempted. */
  untilPreemption = 0
  /**
   * Whether the task being run has not yet resumed a fiber: that first resumption was drawn, it need not hop
   * again.
   */
  dispatched = false
  lastStrand: Strand | undefined
  readonly #preemptEvery: number
  readonly #changeSteps: Set<number>
  /** Numbers of the fibers that have run: cheaper to ask than a set of the fibers, and holds none of them. */
  readonly #started = new Set<number>()
  #tasks: Array<() => void> = []
  #strands: Array<Strand> = []
  #idle: Array<{ readonly priority: number; readonly task: () => void; readonly strand: Strand }> = []
  #lowest = 0
  #inFront = 0

  constructor(random: CountedRandom, options: SchedulerOptions = {}) {
    this.random = random
    const mode = options.mode ?? "inline"
    this.hop = mode !== "inline"
    this.choice = options.choice ?? "uniform"
    this.#preemptEvery = options.preemptEvery ?? 20
    if (mode === "preempt") this.drawPreemption()
    this.#changeSteps = new Set()
    if (this.choice === "priorities") {
      const horizon = options.changeHorizonSteps ?? 20_000
      for (let point = 0; point < (options.changePoints ?? 3); point++)
        this.#changeSteps.add(random.below(horizon))
    }
  }

  get size(): number {
    return this.#tasks.length + this.#idle.length
  }

  drawPreemption(): void {
    this.untilPreemption = this.random.range(1, 2 * this.#preemptEvery - 1)
  }

  /** A strand for a fiber or a link of `owner`; under the other rules all of an owner share one. */
  strandFor(owner: NodeScheduler): Strand {
    if (this.choice !== "priorities") return owner.strand
    return new Strand(this, owner, this.random.bits())
  }

  /** Makes a task ready. One of a frozen owner is parked until it thaws; one of a dead owner is dropped. */
  add(task: () => void, strand: Strand, priority = 0): void {
    if (strand.owner.state !== "running") {
      strand.owner.park(task, strand)
    } else if (priority <= 0) {
      this.#tasks.push(task)
      this.#strands.push(strand)
    } else {
      this.#idle.push({ priority, task, strand })
    }
  }

  /**
   * Whether a resumed fiber must go through the list first (a fresh one must not: `startImmediately` is a
   * promise).
   */
  hops(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    const resumed = this.#started.has(fiber.id)
    if (!resumed) this.#started.add(fiber.id)
    if (this.dispatched || !resumed) {
      this.dispatched = false
      return false
    }
    this.forcedYields++
    return true
  }

  /** Runs one ready task; false when there is none. What the task throws comes out. */
  step(): boolean {
    if (this.#tasks.length === 0 && !this.#promoteIdle()) return false
    const index = this.#choose()
    const task = this.#tasks[index]!
    const strand = this.#strands[index]!
    this.#removeAt(index)
    this.steps++
    this.lastStrand = strand
    this.dispatched = true
    task()
    this.dispatched = false
    return true
  }

  /** For a task that is no resumption of a fiber: whomever it wakes hops. */
  runWork(work: () => void): void {
    this.dispatched = false
    work()
  }

  #choose(): number {
    if (this.choice === "uniform") return this.random.below(this.#tasks.length)
    if (this.choice === "fifo") return 0
    const strands = this.#strands
    let best = 0
    for (let index = 1; index < strands.length; index++) {
      if (strands[index]!.priority > strands[best]!.priority) best = index
    }
    const front = strands[best]!
    this.#inFront = front === this.lastStrand ? this.#inFront + 1 : 0
    // A strand that polls would keep everybody else from running for ever: after 1,000 steps in front it
    // falls back too.
    if (this.#changeSteps.has(this.steps) || this.#inFront >= 1000) {
      front.priority = --this.#lowest
      this.#inFront = 0
    }
    return best
  }

  #removeAt(index: number): void {
    if (this.choice !== "uniform") {
      // By hand: `splice` makes an array of what it takes out, at every step.
      const last = this.#tasks.length - 1
      for (let at = index; at < last; at++) {
        this.#tasks[at] = this.#tasks[at + 1]!
        this.#strands[at] = this.#strands[at + 1]!
      }
      this.#tasks.length = last
      this.#strands.length = last
      return
    }
    const lastTask = this.#tasks.pop()!
    const lastStrand = this.#strands.pop()!
    if (index < this.#tasks.length) {
      this.#tasks[index] = lastTask
      this.#strands[index] = lastStrand
    }
  }

  /** Tasks of a lower urgency (`Effect.yieldNowWith`) run when no others are ready. */
  #promoteIdle(): boolean {
    if (this.#idle.length === 0) return false
    let best = 0
    for (let index = 1; index < this.#idle.length; index++) {
      if (this.#idle[index]!.priority < this.#idle[best]!.priority) best = index
    }
    const { task, strand } = this.#idle[best]!
    this.#idle.splice(best, 1)
    this.add(task, strand)
    return this.#tasks.length > 0
  }

  /** Takes the tasks of an owner off the list and gives them back to it, which parks or drops them. */
  withdraw(owner: NodeScheduler): void {
    const tasks = this.#tasks
    const strands = this.#strands
    const idle = this.#idle
    this.#tasks = []
    this.#strands = []
    this.#idle = []
    for (let index = 0; index < tasks.length; index++) this.add(tasks[index]!, strands[index]!)
    for (const entry of idle) this.add(entry.task, entry.strand, entry.priority)
    owner.withdrawn()
  }
}

/**
 * The scheduler of one life of a node: a facade of the one ready list that knows whose task each is, so that
 * a node can be frozen (its tasks wait) or killed (they are gone: nothing of it runs again, not even
 * finalizers).
 */
export class NodeScheduler implements Scheduler.Scheduler {
  readonly executionMode = "sync"
  readonly name: string
  readonly strand: Strand
  state: "running" | "frozen" | "dead" = "running"
  readonly #ready: ReadyList
  #parked: Array<readonly [task: () => void, strand: Strand]> = []

  constructor(ready: ReadyList, name: string) {
    this.#ready = ready
    this.name = name
    this.strand = new Strand(ready, this, ready.choice === "priorities" ? ready.random.bits() : 0)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.#ready.strandFor(this)
  }

  /**
   * A strand of its own for a source of events (a link), so that `priorities` can order it among the fibers.
   */
  newStrand(): Strand {
    return this.#ready.strandFor(this)
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    const ready = this.#ready
    // A node that was frozen or killed from within its own code stops at the next operation.
    if (this.state !== "running") return true
    const operations = fiber.currentOpCount
    if (ready.hop && operations === 1) return ready.hops(fiber)
    if (ready.untilPreemption !== 0 && --ready.untilPreemption === 0) {
      ready.drawPreemption()
      ready.forcedYields++
      return true
    }
    return operations >= fiber.cache.maxOpsBeforeYield
  }

  /** Tasks that wait for the thaw. */
  get parkedCount(): number {
    return this.#parked.length
  }

  park(task: () => void, strand: Strand): void {
    if (this.state === "frozen") this.#parked.push([task, strand])
  }

  /** Nothing of this node runs until `thaw`; time and its clock go on. */
  freeze(): void {
    if (this.state !== "running") return
    this.state = "frozen"
    this.#ready.withdraw(this)
  }

  thaw(): void {
    if (this.state !== "frozen") return
    this.state = "running"
    const parked = this.#parked
    this.#parked = []
    for (const [task, strand] of parked) this.#ready.add(task, strand)
  }

  /** Nothing of this node runs ever again. */
  kill(): void {
    this.state = "dead"
    this.#ready.withdraw(this)
  }

  withdrawn(): void {
    if (this.state === "dead") this.#parked = []
  }
}
