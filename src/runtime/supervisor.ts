/**
 * Decides what becomes of an actor that crashed: it restarts after a pause, stops, or its failure goes to its
 * parent.
 */
import { type Cause, Duration, Effect, Pull, Schedule } from "effect"
import { monotonicMs } from "./monotonic.ts"

/**
 * What to do after a crash.
 * - `restart`: begin again after the pause that `backoff` says. Escalate when it ends, or after more than
 *   `restartsMax` crashes within `windowMs`; after a window without a crash the backoff begins anew. `state`
 *   says whether the actor begins with `fresh` state or keeps what it had before the message that crashed it.
 * - `stop`: end with the termination `Failed`; nobody else fails.
 * - `crash`: never restart, escalate at once. For actors whose memory cannot be trusted after a failure.
 */
export type Supervision =
  | {
      readonly strategy: "restart"
      readonly backoff: Schedule.Schedule<unknown, Cause.Cause<unknown>>
      readonly restartsMax: number
      readonly windowMs: number
      readonly state: "fresh" | "keep"
    }
  | { readonly strategy: "stop" }
  | { readonly strategy: "crash" }

export interface RestartOptions {
  /** Default: 100 ms, doubling up to 10 s, with jitter. Its input is the cause of the crash. */
  readonly backoff?: Schedule.Schedule<unknown, Cause.Cause<unknown>>
  /** Default 10. */
  readonly restartsMax?: number
  /** Default 60,000. */
  readonly windowMs?: number
  /** Default `fresh`. */
  readonly state?: "fresh" | "keep"
}

const defaultBackoff = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")]).pipe(
  Schedule.jittered
)

/** Restart after a crash, within limits. */
export const restart = (options: RestartOptions = {}): Supervision => ({
  strategy: "restart",
  backoff: options.backoff ?? defaultBackoff,
  restartsMax: options.restartsMax ?? 10,
  windowMs: options.windowMs ?? 60_000,
  state: options.state ?? "fresh"
})

/** Stop after a crash; nobody else fails. */
export const stopOnCrash: Supervision = { strategy: "stop" }

/** Never restart; hand the failure to the parent and the watchers at once. */
export const crash: Supervision = { strategy: "crash" }

export type Decision =
  | { readonly _tag: "Restart"; readonly delayMs: number }
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Escalate" }

type Step = (
  nowMs: number,
  cause: Cause.Cause<unknown>
) => Pull.Pull<[unknown, Duration.Duration], never, unknown>

const escalate: Decision = { _tag: "Escalate" }

/** The memory of one actor's crashes. */
export class Supervisor {
  readonly supervision: Supervision
  #step: Step | undefined
  /** When the crashes of the current window happened, oldest first. */
  #crashesMs: Array<number> = []

  constructor(supervision: Supervision) {
    this.supervision = supervision
  }

  /** What to do about a crash that happened now. */
  decide(cause: Cause.Cause<unknown>): Effect.Effect<Decision> {
    const supervision = this.supervision
    if (supervision.strategy === "stop") return Effect.succeed({ _tag: "Stop" })
    if (supervision.strategy === "crash") return Effect.succeed(escalate)
    return Effect.flatMap(monotonicMs, (nowMs) => {
      this.#crashesMs = this.#crashesMs.filter((atMs) => atMs > nowMs - supervision.windowMs)
      if (this.#crashesMs.length === 0) this.#step = undefined
      this.#crashesMs.push(nowMs)
      if (this.#crashesMs.length > supervision.restartsMax) return Effect.succeed(escalate)
      return this.#nextDelay(supervision.backoff, nowMs, cause)
    })
  }

  #nextDelay(
    backoff: Schedule.Schedule<unknown, Cause.Cause<unknown>>,
    nowMs: number,
    cause: Cause.Cause<unknown>
  ): Effect.Effect<Decision> {
    const ready = this.#step === undefined ? Schedule.toStep(backoff) : Effect.succeed(this.#step)
    return ready.pipe(
      Effect.flatMap((step) => {
        this.#step = step
        return step(nowMs, cause)
      }),
      Effect.map(([, delay]): Decision => ({ _tag: "Restart", delayMs: Duration.toMillis(delay) })),
      Pull.catchDone(() => Effect.succeed(escalate)),
      Effect.catchCause((fault) =>
        Effect.as(Effect.logError("the backoff of an actor failed; it will not restart", fault), escalate)
      )
    )
  }
}
