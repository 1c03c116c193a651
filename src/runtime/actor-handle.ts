/** What others see of a running actor, and what the actor sees of itself. */
import type { Cause, Effect } from "effect"
import type { ActorStopped, MailboxFull } from "./errors.ts"
import type { Mailbox, MailboxOptions } from "./mailbox.ts"
import type { ActorMetrics } from "./metrics.ts"
import type { Supervision } from "./supervisor.ts"
import type { KeyedTimers } from "./timers.ts"

/**
 * How an actor ended: it was `Stopped` (by itself, by `stop`, by its scope), it `Failed` and its supervision
 * says stop, or supervision gave up and its failure `Escalated` to its parent and its watchers.
 */
export type Termination =
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown> }
  | { readonly _tag: "Escalated"; readonly cause: Cause.Cause<unknown> }

/** Why `onStop` runs: the actor ends, or it begins again after a crash. */
export type StopReason = Termination | { readonly _tag: "Restarting"; readonly cause: Cause.Cause<unknown> }

export interface StopOptions {
  /**
   * Time for what waits in the mailbox to be handled, in milliseconds; then the handler is interrupted and
   * the rest goes to the dead letters. 0 handles nothing more. Default: that of the actor.
   */
  readonly drainMs?: number
}

/** A running actor, as those hold it who talk to it, stop it or watch it. */
export interface ActorHandle<M> {
  readonly name: string
  readonly mailbox: Mailbox<M>
  readonly metrics: ActorMetrics
  /** Offers without waiting, for callbacks; false where the mailbox is full or the actor has stopped. */
  readonly offerUnsafe: (message: M) => boolean
  /** Offers ahead of the data lane without waiting. */
  readonly offerControlUnsafe: (message: M) => boolean
  /** Offers as the mailbox policy says. */
  readonly offer: (message: M) => Effect.Effect<void, MailboxFull | ActorStopped>
  /** Stops the actor and waits for its end. Not from its own handlers: there use `context.stop`. */
  readonly stop: (options?: StopOptions) => Effect.Effect<Termination>
  /** Waits for the end of the actor. */
  readonly terminated: Effect.Effect<Termination>
  /** Calls back once when the actor has ended, at once if it has; the returned function withdraws. */
  readonly onTerminated: (callback: (termination: Termination) => void) => () => void
}

/** What a handler gets of its own actor. */
export interface ActorContext<M> {
  readonly self: ActorHandle<M>
  /** Cancelled when the actor restarts or stops; messages come through the control lane. */
  readonly timers: KeyedTimers<M>
  /** How often the actor has restarted so far. */
  readonly restarts: number
  /**
   * Puts a message aside until `unstashAll`. False, and nothing kept, where `stashCapacity` are aside
   * already.
   */
  readonly stash: (message: M) => boolean
  /** Puts what is aside back, ahead of all that waits, in the order it came. */
  readonly unstashAll: () => void
  /**
   * Tells this actor of the end of another by a control message; at once if it has ended. Forgotten when this
   * actor restarts: watch again in `onStart`.
   */
  readonly watch: (
    other: Pick<ActorHandle<never>, "onTerminated">,
    notice: (termination: Termination) => M
  ) => void
  /** Asks this actor to end after the current message or batch; what waits goes to the dead letters. */
  readonly stop: () => void
}

/** What all kinds of actor can be given. */
export interface ActorOptions<M, R> {
  /** Name in metrics, logs, errors and dead letters; unique in the process, by convention. */
  readonly name: string
  readonly mailbox?: MailboxOptions
  /** Default: `restart()`. */
  readonly supervision?: Supervision
  /** Messages that can be put aside. Default 1024. */
  readonly stashCapacity?: number
  /** Default time to drain on stop, in milliseconds. Default 5000. */
  readonly drainMs?: number
  /**
   * Runs before the first message and after each restart. Actors spawned in it are children: they end with
   * it.
   */
  readonly onStart?: (context: ActorContext<M>) => void | Effect.Effect<void, unknown, R>
  /**
   * Runs at the end and before each restart, after the children have ended. Cannot be interrupted: keep it
   * short.
   */
  readonly onStop?: (reason: StopReason, context: ActorContext<M>) => void | Effect.Effect<void, unknown, R>
}
