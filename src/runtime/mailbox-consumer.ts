/** Who takes from a mailbox: called whenever something has come, while one fiber waits for the end of it. */
import { Effect, type Scheduler } from "effect"

/**
 * What came of some work: nothing is left (`wait`), others are to have their turn first (`again`), or the
 * fiber has something to run. Whoever says `wait` has looked as the last thing that it did: what came while
 * it worked wakes nobody.
 */
export type Worked<E = never, R = never> = "wait" | "again" | Effect.Effect<void, E, R>

/** A dispatcher that tells tasks which resume a fiber, as those of Effect do, from work without one. */
export interface WorkDispatcher extends Scheduler.SchedulerDispatcher {
  readonly scheduleWork: (work: () => void) => void
}

const isForWork = (dispatcher: Scheduler.SchedulerDispatcher): dispatcher is WorkDispatcher =>
  "scheduleWork" in dispatcher

type Work = () => Worked<unknown, unknown>
type Resume = (effect: Effect.Effect<void, unknown, unknown>) => void

/**
 * The place of the one consumer.
 *
 * Work that needs no effect is done in a task of the consumer's own dispatcher, and its fiber sleeps through
 * it: to resume a fiber and to suspend it again takes longer than to handle a small message. Never in the
 * stack of who offers, so that all that comes before the consumer has its turn is one batch.
 */
export class Consumer {
  readonly #name: string
  #waiting: Waiting | undefined
  #isDue = false

  constructor(name: string) {
    this.#name = name
  }

  /** Something has come: work is done soon. */
  wake(): void {
    if (this.#waiting === undefined) this.#isDue = true
    else this.#waiting.schedule()
  }

  /**
   * Does the work now, and whenever something has come, until it gives an effect, and is that effect.
   * Interrupted, it ends when work that has begun is over.
   */
  serve<E, R>(work: () => Worked<E, R>): Effect.Effect<void, E, R> {
    return Effect.withFiber((fiber) => {
      this.#isDue = false
      const worked = work()
      if (typeof worked !== "string") return worked
      if (worked === "again") this.#isDue = true
      return this.#wait(work as Work, fiber.currentDispatcher) as Effect.Effect<void, E, R>
    })
  }

  // What comes of the work is given, and run only when the wait is over: run within it, each would leave a
  // frame on the stack of a fiber that never ends.
  #wait(work: Work, dispatcher: Scheduler.SchedulerDispatcher): Effect.Effect<void, unknown, unknown> {
    const given = Effect.callback<Effect.Effect<void, unknown, unknown>>((resume) => {
      if (this.#waiting !== undefined) {
        return resume(Effect.die(new Error(`${this.#name} has two consumers`)))
      }
      const waiting = new Waiting(work, dispatcher, (effect) => {
        this.#waiting = undefined
        resume(Effect.succeed(effect))
      })
      this.#waiting = waiting
      // The world may have moved since the work: a scheduler can preempt anywhere.
      if (this.#isDue) waiting.schedule()
      return Effect.suspend(() => {
        this.#waiting = undefined
        return waiting.leave()
      })
    })
    return Effect.flatten(given)
  }
}

/** One wait of a fiber for its work to give it something. */
class Waiting {
  readonly #work: Work
  readonly #dispatcher: Scheduler.SchedulerDispatcher
  readonly #resume: Resume
  #state: "asleep" | "scheduled" | "working" | "over" = "asleep"
  #whenOver: (() => void) | undefined

  constructor(work: Work, dispatcher: Scheduler.SchedulerDispatcher, resume: Resume) {
    this.#work = work
    this.#dispatcher = dispatcher
    this.#resume = resume
  }

  schedule(): void {
    if (this.#state !== "asleep") return
    this.#state = "scheduled"
    if (isForWork(this.#dispatcher)) this.#dispatcher.scheduleWork(this.#turn)
    else this.#dispatcher.scheduleTask(this.#turn, 0)
  }

  /** The fiber was interrupted: nothing is begun any more, and what was begun is waited for. */
  leave(): Effect.Effect<void> {
    const isWorking = this.#state === "working"
    this.#state = "over"
    if (!isWorking) return Effect.void
    return Effect.callback<void>((resume) => {
      this.#whenOver = () => resume(Effect.void)
    })
  }

  readonly #turn = (): void => {
    if (this.#state === "over") return
    this.#state = "working"
    const worked = this.#attempt()
    if (this.#isOver()) return this.#whenOver?.()
    this.#state = "asleep"
    if (worked === "again") return this.schedule()
    if (worked === "wait") return
    this.#state = "over"
    this.#resume(worked)
  }

  #attempt(): Worked<unknown, unknown> {
    try {
      return this.#work()
    } catch (error) {
      return Effect.die(error)
    }
  }

  /** Asked anew, since work may have interrupted its own fiber. */
  #isOver(): boolean {
    return this.#state === "over"
  }
}
