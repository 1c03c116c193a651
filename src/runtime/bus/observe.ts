/** What a bus counts and reports beyond the port: traffic, drops, and faults that nobody waits for. */
import { Data, Effect } from "effect"
import type { BadSubject, BusShape, BusUnavailable, Handlers } from "./port.ts"

/** A handler threw. The message is lost to it alone; mend the handler: it must only pass messages on. */
export class HandlerFailed extends Data.TaggedError("HandlerFailed")<{
  readonly subject: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `a handler of the bus threw at a message on ${this.subject}: ${String(this.cause)}`
  }
}

/** The server does not let this user publish or subscribe there. Grant it in the server's configuration. */
export class PermissionDenied extends Data.TaggedError("PermissionDenied")<{
  readonly operation: "publish" | "subscribe"
  readonly subject: string
}> {
  override get message(): string {
    const verb = this.operation === "publish" ? "publish to" : "subscribe to"
    return `the server does not let this user ${verb} ${this.subject}; grant it in the server's configuration`
  }
}

/** The server complained, or hung up, for this reason. The adapter keeps trying by itself. */
export class ServerComplained extends Data.TaggedError("ServerComplained")<{ readonly reason: string }> {
  override get message(): string {
    return `the server of the bus complained: ${this.reason}`
  }
}

/**
 * Faults that have no caller to fail: they go to the `onProblem` of the adapter, by default to the log as
 * warnings.
 */
export type BusProblem = HandlerFailed | PermissionDenied | ServerComplained | BadSubject | BusUnavailable

/** Running totals of one bus since it was made. */
export interface BusCounts {
  readonly published: number
  readonly publishedBytes: number
  readonly delivered: number
  /** Publishes that vanished because the bus was disconnected at the time. */
  readonly dropped: number
  readonly handlerFailures: number
}

/** The bus together with what its adapter knows of itself. */
export interface ObservedBus extends BusShape {
  readonly counts: () => BusCounts
  /** Bytes published that are not known to have left this process. Rising without end: publish less. */
  readonly backlogBytes: () => number
}

/** The counters and the reporting of one bus, and delivery that no handler can break. */
export class Observer {
  readonly #report: (problem: BusProblem) => void
  published = 0
  publishedBytes = 0
  dropped = 0
  #delivered = 0
  #handlerFailures = 0

  constructor(report: (problem: BusProblem) => void) {
    this.#report = report
  }

  counts(): BusCounts {
    return {
      published: this.published,
      publishedBytes: this.publishedBytes,
      delivered: this.#delivered,
      dropped: this.dropped,
      handlerFailures: this.#handlerFailures
    }
  }

  report(problem: BusProblem): void {
    try {
      this.#report(problem)
    } catch {
      // A hook that throws must not break the delivery that it was told about.
    }
  }

  deliver(handlers: Handlers, payload: Uint8Array, subject: string, replyTo: string | undefined): void {
    this.#delivered++
    try {
      handlers.onMessage(payload, subject, replyTo)
    } catch (cause) {
      this.#handlerFailures++
      this.report(new HandlerFailed({ subject, cause }))
    }
  }

  deliverNoResponders(handlers: Handlers, replySubject: string): void {
    try {
      handlers.onNoResponders?.(replySubject)
    } catch (cause) {
      this.#handlerFailures++
      this.report(new HandlerFailed({ subject: replySubject, cause }))
    }
  }
}

/** An observer that reports to the hook given or, without one, to the log of the fiber that made it. */
export const makeObserver = (
  onProblem: ((problem: BusProblem) => void) | undefined
): Effect.Effect<Observer> =>
  Effect.contextWith((context) => {
    const run = Effect.runForkWith(context)
    return Effect.sync(
      () => new Observer(onProblem ?? ((problem) => run(Effect.logWarning(problem.message))))
    )
  })
