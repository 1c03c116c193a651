/** The inside of one actor: its mailbox, stash, timers, watches and figures. */
import { Cause, Context, Deferred, Effect, type Fiber } from "effect"
import type { ActorHandle, StopOptions, Termination } from "./actor-handle.ts"
import { type ActorCrash, Crashes } from "./crashes.ts"
import { type DeadLetterReason, DeadLetters } from "./dead-letters.ts"
import type { ActorStopped, MailboxFull } from "./errors.ts"
import { LateMessage, Mailbox, type MailboxOptions } from "./mailbox.ts"
import { ActorMetrics } from "./metrics.ts"
import { KeyedTimers } from "./timers.ts"

export interface CellConfig<M> {
  readonly name: string
  readonly mailbox: MailboxOptions | undefined
  readonly stashCapacity: number
  readonly drainMs: number
  /** Told of each message that nobody will handle, before the dead letter hook is. */
  readonly onDiscard: ((message: M, reason: DeadLetterReason) => void) | undefined
}

const nothing = () => undefined

/** One actor. Its loop lives in actor-loop.ts. */
export class ActorCell<M> implements ActorHandle<M> {
  readonly name: string
  readonly mailbox: Mailbox<M>
  readonly metrics = new ActorMetrics()
  readonly timers: KeyedTimers<M>
  /** The message or batch that is being handled; what a crash finds here is not replayed. */
  inHand: ReadonlyArray<M> = []
  /** Set when a child escalated; the loop fails with it before it handles anything else. */
  childFailure: Error | undefined
  /** Set while the actor sleeps before a restart, when nobody drains the mailbox. */
  resting = false
  fiber: Fiber.Fiber<void> | undefined
  termination: Termination | undefined
  readonly #config: CellConfig<M>
  readonly #hook: Context.Service.Shape<typeof DeadLetters>
  readonly #crashHook: Context.Service.Shape<typeof Crashes>
  readonly #done = Deferred.makeUnsafe<Termination>()
  readonly #watchers = new Set<(termination: Termination) => void>()
  readonly #hideMetrics: () => void
  readonly #context: Context.Context<never>
  readonly #watching = new Set<() => void>()
  /** Counts the lives that are over. */
  #lives = 0
  /** Somebody has asked for its end. */
  #isAwaited = false
  #stashed: Array<M> = []
  #unstashed: Array<M> = []

  constructor(config: CellConfig<M>, context: Context.Context<never>) {
    this.name = config.name
    this.#config = config
    this.#context = context
    this.#hook = Context.get(context, DeadLetters)
    this.#crashHook = Context.get(context, Crashes)
    this.mailbox = new Mailbox({
      ...config.mailbox,
      name: config.name,
      onDiscard: (message, reason) => this.discard(message, reason)
    })
    this.#hideMetrics = this.metrics.register(config.name, () => this.mailbox.size, context)
    this.timers = new KeyedTimers((late) => this.mailbox.offerControlUnsafe(late), context)
  }

  get hasWork(): boolean {
    return this.#unstashed.length > 0 || this.mailbox.size > 0
  }
  /** How many others it watches that have not ended. */
  get watchedCount(): number {
    return this.#watching.size
  }
  get terminated(): Effect.Effect<Termination> {
    this.#isAwaited = true
    return Deferred.await(this.#done)
  }
  /** Whether somebody is to hear of its end. */
  get isWatched(): boolean {
    return this.#isAwaited || this.#watchers.size > 0
  }

  offerUnsafe(message: M): boolean {
    return this.mailbox.offerUnsafe(message)
  }
  offerControlUnsafe(message: M): boolean {
    return this.mailbox.offerControlUnsafe(message)
  }
  offer(message: M): Effect.Effect<void, MailboxFull | ActorStopped> {
    return this.mailbox.offer(message)
  }

  /** The next messages, at most `countMax`; they count as in hand from now on. */
  take(countMax: number): ReadonlyArray<M> {
    let batch: Array<M>
    if (this.#unstashed.length === 0) batch = this.mailbox.takeUnsafe(countMax)
    else {
      batch = this.#unstashed.splice(0, countMax)
      if (batch.length < countMax) batch = batch.concat(this.mailbox.takeUnsafe(countMax - batch.length))
    }
    this.inHand = batch
    this.metrics.processed += batch.length
    return batch
  }

  /** What was in hand was handled. */
  handled(tookMs: number): void {
    this.inHand = []
    this.metrics.handling.observe(tookMs)
  }

  stash(message: M): boolean {
    if (this.#stashed.length >= this.#config.stashCapacity) return false
    this.#stashed.push(message)
    // No longer in hand: a crash later in this batch must not give up what was put aside.
    this.inHand = this.inHand.filter((held) => held !== message)
    return true
  }

  unstashAll(): void {
    this.#unstashed = this.#stashed.concat(this.#unstashed)
    this.#stashed = []
    if (this.#unstashed.length > 0) this.mailbox.wake()
  }

  watch(other: Pick<ActorHandle<never>, "onTerminated">, notice: (termination: Termination) => M): void {
    const life = this.#lives
    let withdraw: () => void = nothing
    withdraw = other.onTerminated((termination) => {
      this.#watching.delete(withdraw)
      const message = notice(termination)
      // The life that comes next watches anew, and is told by that.
      const late = new LateMessage<M>(() => (this.#lives === life ? message : undefined))
      if (!this.mailbox.offerControlUnsafe(late)) {
        this.discard(message, this.mailbox.closed ? "stopped" : "control-full")
      }
    })
    if (withdraw !== nothing) this.#watching.add(withdraw)
  }

  onTerminated(callback: (termination: Termination) => void): () => void {
    // A wrapper of its own for each registration, so that one callback can be registered twice.
    const watcher = (termination: Termination) => {
      try {
        callback(termination)
      } catch (error) {
        // The others must hear of it too, and whoever waits for the end must not wait for ever.
        const problem = `a callback that was to hear of the end of ${this.name} failed`
        Effect.runForkWith(this.#context)(Effect.logError(problem, error))
        this.reportCrash(Cause.die(error), "goes on")
      }
    }
    if (this.termination !== undefined) {
      watcher(this.termination)
      return nothing
    }
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
    }
  }

  /** Ends from within: nothing more is handled after what is in hand. */
  requestStop(): void {
    this.discardStashed()
    this.mailbox.close("drop")
    if (this.resting) this.fiber?.interruptUnsafe()
  }

  stop(options?: StopOptions): Effect.Effect<Termination> {
    return Effect.suspend(() => {
      if (this.termination !== undefined) return Effect.succeed(this.termination)
      const drainMs = options?.drainMs ?? this.#config.drainMs
      this.mailbox.close(drainMs > 0 ? "drain" : "drop")
      if (drainMs <= 0 || this.resting) this.fiber?.interruptUnsafe()
      const terminated = Deferred.await(this.#done)
      return Effect.flatMap(Effect.timeoutOption(terminated, drainMs), (ended) => {
        if (ended._tag === "Some") return Effect.succeed(ended.value)
        this.fiber?.interruptUnsafe()
        return terminated
      })
    })
  }

  /** Called by a child whose supervision gave up. */
  childEscalated(failure: Error): void {
    this.childFailure ??= failure
    this.mailbox.offerControlUnsafe(new LateMessage<M>(nothing))
  }

  /** Gives a message up: counted, shown to the hook, and whoever asked is told. */
  discard(message: M, reason: DeadLetterReason): void {
    this.metrics.countDeadLetter(reason)
    this.#config.onDiscard?.(message, reason)
    this.reportDead(message, reason)
  }

  /** Shows a dead letter to the hook. */
  reportDead(message: unknown, reason: DeadLetterReason): void {
    try {
      this.#hook({ actor: this.name, message, reason })
    } catch (error) {
      // A faulty hook must not take down the sender whose stack this is; the letter was counted.
      this.reportCrash(Cause.die(error), "goes on")
    }
  }

  /** Shows a crash to the hook. */
  reportCrash(cause: Cause.Cause<unknown>, then: ActorCrash["then"]): void {
    try {
      this.#crashHook({ actor: this.name, cause, then })
    } catch {
      // A faulty hook must not keep supervision from what it has decided; the crash was logged and counted.
    }
  }

  /** Gives up what was in hand when the handler crashed or was interrupted. */
  discardInHand(reason: "crashed" | "interrupted"): void {
    const inHand = this.inHand
    this.inHand = []
    for (const message of inHand) this.discard(message, reason)
  }

  /** Drops what belongs to one life between two restarts: timers and watches. */
  endLife(): void {
    this.#lives++
    this.timers.cancelAll()
    for (const withdraw of this.#watching) withdraw()
    this.#watching.clear()
  }

  /** The end: gives up what waits, and tells those who watch. */
  finish(termination: Termination): void {
    this.timers.close()
    this.discardStashed()
    this.mailbox.close("drop")
    this.#hideMetrics()
    this.termination = termination
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    for (const watcher of watchers) watcher(termination)
    Deferred.doneUnsafe(this.#done, Effect.succeed(termination))
  }

  discardStashed(): void {
    this.unstashAll()
    for (const message of this.#unstashed.splice(0)) this.discard(message, "stopped")
  }
}
