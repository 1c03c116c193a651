/** A bounded mailbox of one consumer with two lanes: control is handed over before data. */
import { Effect } from "effect"
import { ActorStopped, MailboxFull } from "./errors.ts"
import { Consumer, type Worked } from "./mailbox-consumer.ts"
import { Lane } from "./mailbox-lane.ts"

/**
 * What happens to a message for a full data lane: the sender waits, the sender is told, the new message is
 * discarded, or the oldest waiting message is discarded to make room.
 */
export type MailboxPolicy = "suspend" | "fail" | "drop" | "slide"

/**
 * Why a mailbox gave up a message: the lane was full (`drop`), it was pushed out (`slide`), or the mailbox
 * was closed.
 */
export type Discarded = "full" | "slid" | "stopped"

export interface MailboxOptions {
  /** Messages the data lane holds at most. Default 4096. Under `suspend` 1 at least. */
  readonly capacity?: number
  /** Default `fail`. */
  readonly policy?: MailboxPolicy
  /** Messages the control lane holds at most. Default 65536. */
  readonly controlCapacity?: number
}

export interface MailboxConfig<A> extends MailboxOptions {
  /** Name in errors, usually that of the actor. */
  readonly name: string
  /**
   * Called at once, in the stack of whoever caused it, with each message that is given up. Must not throw.
   */
  readonly onDiscard?: (message: A, reason: Discarded) => void
}

/** A control message that is settled when it is taken, so that whoever sent it can still withdraw it. */
export class LateMessage<A> {
  readonly settle: () => A | undefined
  constructor(settle: () => A | undefined) {
    this.settle = settle
  }
}

interface Waiter<A> {
  readonly message: A
  readonly resume: (effect: Effect.Effect<void, ActorStopped>) => void
}

/** A bound that is no number would be none: nothing is ever larger than NaN. */
const checkedBound = (name: string, field: string, bound: number): number => {
  if (Number.isInteger(bound) && bound >= 0) return bound
  throw new RangeError(`the ${field} of the mailbox of ${name} is ${bound}: give a whole number from 0 on`)
}

/**
 * Single-consumer mailbox. Offers come from anywhere, synchronously or as effects; one fiber takes.
 *
 * A consumer that waits is woken through its scheduler: it never runs in the stack of the offerer, and all
 * that arrives before it gets its turn is one batch. Offers that wait (`suspend`) are accepted first come,
 * first served.
 */
export class Mailbox<A> {
  readonly name: string
  readonly capacity: number
  readonly controlCapacity: number
  readonly policy: MailboxPolicy
  readonly #data = new Lane<A>()
  #control: Array<A | LateMessage<A>> = []
  readonly #consumer: Consumer
  readonly #waiters = new Set<Waiter<A>>()
  readonly #onDiscard: ((message: A, reason: Discarded) => void) | undefined
  #closed = false
  #peak = 0
  #accepted = 0
  #refused = 0
  #discarded = 0

  constructor(config: MailboxConfig<A>) {
    this.name = config.name
    this.#consumer = new Consumer(config.name)
    this.capacity = checkedBound(config.name, "capacity", config.capacity ?? 4096)
    this.controlCapacity = checkedBound(config.name, "controlCapacity", config.controlCapacity ?? 65536)
    this.policy = config.policy ?? "fail"
    // What waits is let in when something leaves, and nothing ever would.
    if (this.policy === "suspend" && this.capacity === 0)
      throw new RangeError(`the mailbox of ${config.name} lets nobody in (capacity 0): give it 1 at least`)
    this.#onDiscard = config.onDiscard
  }

  /** Messages that wait, both lanes. */
  get size(): number {
    return this.#data.size + this.#control.length
  }
  /** The most messages that ever waited. */
  get peak(): number {
    return this.#peak
  }
  /** Messages accepted so far, both lanes. */
  get accepted(): number {
    return this.#accepted
  }
  /** Offers that were refused with their sender told. */
  get refused(): number {
    return this.#refused
  }
  /** Messages given up without their sender being told (`drop`, `slide`, closing). */
  get discarded(): number {
    return this.#discarded
  }
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Offers without waiting; safe in callbacks. False where the mailbox is full or closed; under `slide` the
   * oldest message makes room instead, under `suspend` a full mailbox refuses as under `fail`.
   */
  offerUnsafe(message: A): boolean {
    if (this.#closed) {
      this.#refused++
      return false
    }
    if (this.#data.size >= this.capacity && !this.#makeRoom(message)) return false
    this.#data.push(message)
    this.#arrived()
    return true
  }

  /** Offers to the control lane without waiting. False where that lane is full or the mailbox closed. */
  offerControlUnsafe(message: A | LateMessage<A>): boolean {
    if (this.#closed || this.#control.length >= this.controlCapacity) {
      this.#refused++
      return false
    }
    this.#control.push(message)
    this.#arrived()
    return true
  }

  /**
   * Offers as the policy says: waits its turn (`suspend`), fails (`fail`), or succeeds although a message was
   * discarded (`drop`, `slide`). Interrupting an offer that waits withdraws the message; it is never
   * delivered twice.
   */
  offer(message: A): Effect.Effect<void, MailboxFull | ActorStopped> {
    return Effect.suspend((): Effect.Effect<void, MailboxFull | ActorStopped> => {
      if (this.#closed) return Effect.fail(new ActorStopped({ actor: this.name }))
      if (this.policy === "suspend" && this.#isFull()) return this.#await(message)
      if (this.offerUnsafe(message) || this.policy === "drop") return Effect.void
      return Effect.fail(new MailboxFull({ actor: this.name, capacity: this.capacity }))
    })
  }

  /** There is something to do that did not come by a message. */
  wake(): void {
    this.#consumer.wake()
  }

  /**
   * Does the work of the one consumer: now, and whenever something has come or the mailbox was closed, until
   * it gives an effect. See `Consumer`.
   */
  serve<E, R>(work: () => Worked<E, R>): Effect.Effect<void, E, R> {
    return this.#consumer.serve(work)
  }

  /**
   * Takes what waits without waiting for it, control first, at most `countMax`; empty where nothing waits.
   */
  takeUnsafe(countMax: number = Number.POSITIVE_INFINITY): Array<A> {
    const control = this.#control.length === 0 ? [] : this.#takeControl(countMax)
    const room = countMax - control.length
    if (this.#data.size === 0 || room <= 0) return control
    const data = this.#data.take(room)
    this.#admitWaiters()
    return control.length === 0 ? data : control.concat(data)
  }

  /**
   * Waits for at least one message, then hands over all that wait (at most `countMax`), control first. Empty
   * only where all that waited was withdrawn.
   */
  takeAll(countMax: number = Number.POSITIVE_INFINITY): Effect.Effect<ReadonlyArray<A>, ActorStopped> {
    const ready = this.serve(() => (this.size > 0 || this.#closed ? Effect.void : "wait"))
    return Effect.flatMap(ready, () => this.#takeSome(countMax))
  }

  /**
   * Refuses new messages from now on; offers that wait fail with `ActorStopped`. What was accepted can still
   * be taken (`drain`) or is discarded with the reason `stopped` (`drop`). Closing again with `drop` discards
   * the rest.
   */
  close(rest: "drain" | "drop"): void {
    this.#closed = true
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    const stopped = Effect.flatMap(Effect.yieldNow, () => new ActorStopped({ actor: this.name }))
    for (const waiter of waiters) waiter.resume(stopped)
    if (rest === "drop") for (const message of this.takeUnsafe()) this.#discard(message, "stopped")
    this.#consumer.wake()
  }

  #isFull(): boolean {
    return this.#data.size >= this.capacity
  }

  #makeRoom(message: A): boolean {
    switch (this.policy) {
      case "suspend":
      case "fail":
        this.#refused++
        return false
      case "drop":
        this.#discard(message, "full")
        return false
      case "slide": {
        if (this.capacity === 0) {
          this.#discard(message, "full")
          return false
        }
        const [oldest] = this.#data.take(1)
        this.#discard(oldest!, "slid")
        return true
      }
    }
  }

  #await(message: A): Effect.Effect<void, ActorStopped> {
    return Effect.callback<void, ActorStopped>((resume) => {
      // The world may have moved between the check and this registration: a scheduler can preempt anywhere.
      if (this.#closed) return resume(Effect.fail(new ActorStopped({ actor: this.name })))
      if (!this.#isFull()) {
        this.#data.push(message)
        this.#arrived()
        return resume(Effect.void)
      }
      const waiter: Waiter<A> = { message, resume }
      this.#waiters.add(waiter)
      return Effect.sync(() => {
        this.#waiters.delete(waiter)
      })
    })
  }

  /**
   * Whoever waits stands before whoever comes, because room is given to those who wait the moment it appears.
   */
  #admitWaiters(): void {
    for (const waiter of this.#waiters) {
      if (this.#isFull()) return
      this.#waiters.delete(waiter)
      this.#data.push(waiter.message)
      this.#accepted++
      waiter.resume(Effect.yieldNow)
    }
  }

  #arrived(): void {
    this.#accepted++
    const size = this.size
    if (size > this.#peak) this.#peak = size
    this.#consumer.wake()
  }

  #takeSome(countMax: number): Effect.Effect<ReadonlyArray<A>, ActorStopped> {
    if (this.size === 0 && this.#closed) return Effect.fail(new ActorStopped({ actor: this.name }))
    // One operation takes and hands over, so that an interruption cannot come between and lose the batch.
    return Effect.sync(() => this.takeUnsafe(countMax))
  }

  #takeControl(countMax: number): Array<A> {
    const waiting = this.#control
    const taken: Array<A> = []
    let used = 0
    while (used < waiting.length && taken.length < countMax) {
      const next = waiting[used++]!
      const message = next instanceof LateMessage ? next.settle() : next
      if (message !== undefined) taken.push(message)
    }
    this.#control = used === waiting.length ? [] : waiting.slice(used)
    return taken
  }

  #discard(message: A, reason: Discarded): void {
    this.#discarded++
    this.#onDiscard?.(message, reason)
  }
}
