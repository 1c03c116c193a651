/** The loop of one actor: a life from start to crash or end, and what supervision makes of it. */
import { Cause, Clock, Context, Effect, Exit, Scope } from "effect"
import type { ActorCell } from "./actor-cell.ts"
import type { ActorContext, ActorOptions, StopReason, Termination } from "./actor-handle.ts"
import { type ActorCrash, endProcess } from "./crashes.ts"
import { ChildEscalated } from "./errors.ts"
import type { Worked } from "./mailbox-consumer.ts"
import { readMonotonicMs } from "./monotonic.ts"
import { type Decision, restart, Supervisor } from "./supervisor.ts"

/** The actor in whose handler the current fiber runs: the parent of what is spawned there. */
const CurrentActor = Context.Reference<{ readonly childEscalated: (failure: Error) => void } | undefined>(
  "aplomb/runtime/CurrentActor",
  { defaultValue: () => undefined }
)

/** How an actor handles messages. */
export interface Behavior<R> {
  /** Takes some messages and handles them; called when there is work. */
  readonly turn: () => void | Effect.Effect<void, unknown, R>
  /** Synchronous turns in a row before other fibers get theirs. */
  readonly turnsMax: number
}

type Handler<R> = void | Effect.Effect<void, unknown, R>

const run = <R>(handler: (() => Handler<R>) | undefined): Effect.Effect<void, unknown, R> =>
  Effect.suspend((): Effect.Effect<void, unknown, R> => {
    const result = handler?.()
    return Effect.isEffect(result) ? result : Effect.void
  })

/** Handles messages until the mailbox is closed and empty, or something fails. */
const pump = <M, R>(
  cell: ActorCell<M>,
  behavior: Behavior<R>,
  clock: Clock.Clock
): Effect.Effect<void, unknown, R> => {
  const nowMs = () => readMonotonicMs(clock)
  const step: Effect.Effect<void, unknown, R> = cell.mailbox.serve((): Worked<unknown, R> => {
    let beganMs = cell.hasWork ? nowMs() : 0
    for (let turns = 0; ; turns++) {
      if (cell.childFailure !== undefined) return Effect.fail(cell.childFailure)
      if (!cell.hasWork) return cell.mailbox.closed ? Effect.void : "wait"
      if (turns === behavior.turnsMax) return "again"
      const result = behavior.turn()
      if (Effect.isEffect(result)) {
        return Effect.flatMap(result, () => {
          cell.handled(nowMs() - beganMs)
          return step
        })
      }
      const endedMs = nowMs()
      cell.handled(endedMs - beganMs)
      beganMs = endedMs
    }
  })
  return step
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * One life: start, messages, and the end of everything that belongs to it. Only the first two can be
 * interrupted.
 */
const live = <M, R>(
  cell: ActorCell<M>,
  behavior: Behavior<R>,
  options: ActorOptions<M, R>,
  context: ActorContext<M>,
  restore: Restore
): Effect.Effect<Exit.Exit<void, unknown>, never, Exclude<R, Scope.Scope>> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const scope = Scope.makeUnsafe()
    cell.childFailure = undefined
    const acting = Effect.flatMap(
      run(() => options.onStart?.(context)),
      () => pump(cell, behavior, clock)
    ).pipe(Effect.provideService(Scope.Scope, scope), Effect.provideService(CurrentActor, cell))
    return Effect.flatMap(Effect.exit(restore(acting)), (exit) => {
      cell.endLife()
      cell.discardInHand(cell.mailbox.closed && interrupted(exit) ? "interrupted" : "crashed")
      return Effect.as(Scope.close(scope, Exit.void), exit)
    })
  })

const interrupted = (exit: Exit.Exit<void, unknown>): boolean =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)

/** Runs `onStop`; what goes wrong in it is seen, and stops nothing. */
const runOnStop = <M, R>(
  cell: ActorCell<M>,
  options: ActorOptions<M, R>,
  context: ActorContext<M>,
  reason: StopReason
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  options.onStop === undefined
    ? Effect.void
    : run(() => options.onStop?.(reason, context)).pipe(
        Effect.scoped,
        Effect.catchCause((cause) => {
          cell.metrics.failures++
          cell.reportCrash(cause, "goes on")
          return Effect.logError(`${cell.name} failed in onStop`, cause)
        })
      )

const outcomeOf = ({ _tag }: Decision): ActorCrash["then"] =>
  _tag === "Restart" ? "restarts" : _tag === "Stop" ? "stops" : "escalates"

/** What follows a crash: undefined where the actor begins again. */
const settle = <M>(
  cell: ActorCell<M>,
  decision: Decision,
  cause: Cause.Cause<unknown>
): Effect.Effect<Termination | undefined> => {
  if (decision._tag === "Escalate") {
    return Effect.as(Effect.logError(`${cell.name} crashed for good`, cause), { _tag: "Escalated", cause })
  }
  if (decision._tag === "Stop" || cell.mailbox.closed) {
    return Effect.as(Effect.logError(`${cell.name} crashed and stops`, cause), { _tag: "Failed", cause })
  }
  const { delayMs } = decision
  return Effect.as(
    Effect.logWarning(`${cell.name} crashed and restarts in ${Math.round(delayMs)} ms`, cause),
    undefined
  )
}

const rest = <M>(
  cell: ActorCell<M>,
  delayMs: number,
  restore: <A>(e: Effect.Effect<A>) => Effect.Effect<A>
) =>
  Effect.gen(function* () {
    cell.resting = true
    const exit = yield* Effect.exit(restore(Effect.sleep(delayMs)))
    cell.resting = false
    return Exit.isSuccess(exit)
  })

/** Runs an actor to its end. Interrupting it ends it: the way `stop` enforces its deadline. */
export const runActor = <M, R>(
  cell: ActorCell<M>,
  behavior: Behavior<R>,
  options: ActorOptions<M, R>,
  context: ActorContext<M>
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const parent = yield* CurrentActor
      const supervisor = new Supervisor(options.supervision ?? restart())
      let termination: Termination | undefined
      while (termination === undefined) {
        const exit = yield* live(cell, behavior, options, context, restore)
        if (Exit.isSuccess(exit) || (cell.mailbox.closed && interrupted(exit))) {
          termination = { _tag: "Stopped" }
          break
        }
        cell.metrics.failures++
        const decision = yield* supervisor.decide(exit.cause)
        cell.reportCrash(exit.cause, outcomeOf(decision))
        termination = yield* settle(cell, decision, exit.cause)
        if (termination !== undefined || decision._tag !== "Restart") break
        yield* runOnStop(cell, options, context, { _tag: "Restarting", cause: exit.cause })
        // What belongs to the life that is over, although it was begun in its last act.
        cell.endLife()
        if (!cell.mailbox.closed && (yield* rest(cell, decision.delayMs, restore))) {
          cell.metrics.restarts++
          cell.unstashAll()
        } else termination = { _tag: "Stopped" }
      }
      const end = termination ?? { _tag: "Stopped" }
      yield* runOnStop(cell, options, context, end)
      const { isWatched } = cell
      cell.finish(end)
      if (end._tag !== "Escalated") return
      if (parent !== undefined)
        parent.childEscalated(new ChildEscalated({ child: cell.name, cause: end.cause }))
      else if (!isWatched) yield* endProcess(cell.name, end.cause)
    })
  )
