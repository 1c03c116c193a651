/** How the order of tasks is drawn. */

/**
 * - `inline`: production semantics; only the order of ready tasks is drawn.
 * - `hop`: every wake-up of a fiber goes through the ready list, also those that Effect runs in the waker's
 *   stack.
 * - `preempt`: `hop`, and fibers are made to yield now and then between any two operations (adversarial).
 */
export type SchedulingMode = "inline" | "hop" | "preempt"

/**
 * How the next ready task is chosen: `uniform` (each equally likely), `fifo` (no choice; for comparison), or
 * `priorities` (probabilistic concurrency testing: strands have random priorities, and at a few drawn steps
 * the one in front falls back).
 */
export type ChoiceRule = "uniform" | "fifo" | "priorities"

export interface SchedulerOptions {
  readonly mode?: SchedulingMode
  readonly choice?: ChoiceRule
  /** `preempt` mode: operations between two forced yields, on average. Default 20. */
  readonly preemptEvery?: number
  /** `priorities`: how many times the strand in front falls back. Default 3. */
  readonly changePoints?: number
  /** `priorities`: the change points are drawn among this many first steps. Default 20,000. */
  readonly changeHorizonSteps?: number
}
