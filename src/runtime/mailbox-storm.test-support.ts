/** A scheduler for tests that preempts anywhere, from a seed. */
import type { Fiber, Scheduler } from "effect"

/** Draws the next task, and extra yields between any two operations, from a seed. */
export class StormScheduler implements Scheduler.Scheduler, Scheduler.SchedulerDispatcher {
  readonly executionMode = "sync"
  readonly #ready: Array<() => void> = []
  #state: number
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1)
  }
  draw(below: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % below
  }
  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    // Not before the first operation: Effect starts a fiber all the same that was interrupted before its
    // start and then made to yield, and production never yields there.
    return fiber.currentOpCount > 1 && this.draw(4) === 0
  }
  makeDispatcher(): this {
    return this
  }
  scheduleTask(task: () => void): void {
    this.#ready.push(task)
  }
  flush(): void {
    while (this.#ready.length > 0) this.#ready.splice(this.draw(this.#ready.length), 1)[0]!()
  }
}
