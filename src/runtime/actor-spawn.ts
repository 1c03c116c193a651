/** Spawns actors over plain messages: a batch at a time, one at a time, or folding messages into a state. */
import { Effect, Exit, Scope } from "effect"
import { ActorCell } from "./actor-cell.ts"
import type { ActorContext, ActorHandle, ActorOptions } from "./actor-handle.ts"
import { type Behavior, runActor } from "./actor-loop.ts"
import type { DeadLetterReason } from "./dead-letters.ts"

/** Synchronous messages in a row before other fibers get their turn. */
const messagesPerTurn = 128

export interface BatchActorOptions<M, R> extends ActorOptions<M, R> {
  /** Messages in one batch at most. Default: all that wait. */
  readonly batchMax?: number
  /**
   * Handles all that waits at once, control messages first. Return nothing, or an effect to be run before the
   * next batch. A batch whose handling crashed is not replayed.
   */
  readonly receive: (
    batch: ReadonlyArray<M>,
    context: ActorContext<M>
  ) => void | Effect.Effect<void, unknown, R>
}

export interface EachActorOptions<M, R> extends ActorOptions<M, R> {
  /** Handles one message; state lives where the closure has it. */
  readonly receive: (message: M, context: ActorContext<M>) => void | Effect.Effect<void, unknown, R>
}

export interface FoldActorOptions<M, S, R> extends ActorOptions<M, R> {
  /** The state to begin with, and to begin again with where supervision says `fresh`. */
  readonly initial: () => S
  /** Handles one message and returns the next state. */
  readonly receive: (state: S, message: M, context: ActorContext<M>) => S | Effect.Effect<S, unknown, R>
}

/**
 * What spawnCell needs besides the options: how messages are handled, and who is told of those that are not.
 */
export interface CellBehavior<M, R> {
  readonly behavior: (cell: ActorCell<M>, context: ActorContext<M>) => Behavior<R>
  readonly onDiscard?: (message: M, reason: DeadLetterReason) => void
}

const contextOf = <M>(cell: ActorCell<M>): ActorContext<M> => ({
  self: cell,
  timers: cell.timers,
  get restarts() {
    return cell.metrics.restarts
  },
  stash: (message) => cell.stash(message),
  unstashAll: () => cell.unstashAll(),
  watch: (other, notice) => cell.watch(other, notice),
  stop: () => cell.requestStop()
})

/** Spawns an actor of any kind; those below and the typed actors are made with it. */
export const spawnCell = <M, R>(
  options: ActorOptions<M, R>,
  kind: CellBehavior<M, R>
): Effect.Effect<ActorCell<M>, never, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const ambient = yield* Effect.context<never>()
      const scope = yield* Scope.Scope
      const config = {
        name: options.name,
        mailbox: options.mailbox,
        stashCapacity: options.stashCapacity ?? 1024,
        drainMs: options.drainMs ?? 5000,
        onDiscard: kind.onDiscard
      }
      const cell = new ActorCell<M>(config, ambient)
      const context = contextOf(cell)
      const loop = runActor(cell, kind.behavior(cell, context), options, context)
      // A scope of its own that closes with its end: a parent that lives long does not keep all its children.
      const own = yield* Scope.fork(scope)
      const life = Effect.ensuring(loop, Scope.close(own, Exit.void))
      // Before the finalizer: that of a scope which has closed already waits for the end of what runs.
      cell.fiber = yield* Effect.forkDetach(life, { startImmediately: true })
      yield* Scope.addFinalizer(
        own,
        Effect.suspend(() => cell.stop())
      )
      return cell
    })
  )

/**
 * Spawns an actor that handles all that waits in one call: no effect, no allocation per message. It stops
 * when the scope closes. Started before this returns, up to where `onStart` waits for something.
 *
 * @example
 * ```ts
 * const sums: Array<number> = []
 * const adder = yield* spawnBatch<number, never>({
 *   name: "adder",
 *   receive: (batch) => {
 *     sums.push(batch.reduce((a, b) => a + b, 0))
 *   }
 * })
 * adder.offerUnsafe(1)
 * ```
 */
export const spawnBatch = <M, R = never>(
  options: BatchActorOptions<M, R>
): Effect.Effect<ActorHandle<M>, never, R | Scope.Scope> =>
  spawnCell(options, {
    behavior: (cell, context) => ({
      turnsMax: 1,
      turn: () => {
        const batch = cell.take(options.batchMax ?? Number.POSITIVE_INFINITY)
        return batch.length === 0 ? undefined : options.receive(batch, context)
      }
    })
  })

/**
 * Spawns an actor that handles one message at a time. It stops when the scope closes. A failure or a defect
 * of
 * `receive` is a crash: supervision decides, and the message is not replayed.
 *
 * @example
 * ```ts
 * const printer = yield* spawnEach<string>({
 *   name: "printer",
 *   receive: (line) => Console.log(line)
 * })
 * yield* printer.offer("hello")
 * ```
 */
export const spawnEach = <M, R = never>(
  options: EachActorOptions<M, R>
): Effect.Effect<ActorHandle<M>, never, R | Scope.Scope> =>
  spawnCell(options, {
    behavior: (cell, context) => ({
      turnsMax: messagesPerTurn,
      turn: () => {
        const batch = cell.take(1)
        return batch.length === 0 ? undefined : options.receive(batch[0]!, context)
      }
    })
  })

/**
 * Spawns an actor that folds one message at a time into its state. It stops when the scope closes; crashes
 * are as those of `spawnEach`.
 *
 * @example
 * ```ts
 * const total = yield* spawnFold<number, number>({
 *   name: "total",
 *   initial: () => 0,
 *   receive: (sum, amount) => sum + amount
 * })
 * total.offerUnsafe(2)
 * ```
 */
export const spawnFold = <M, S, R = never>(
  options: FoldActorOptions<M, S, R>
): Effect.Effect<ActorHandle<M>, never, R | Scope.Scope> => {
  const keeps = options.supervision?.strategy === "restart" && options.supervision.state === "keep"
  let state: S
  return spawnEach<M, R>({
    ...options,
    onStart: (context) => {
      if (context.restarts === 0 || !keeps) state = options.initial()
      return options.onStart?.(context)
    },
    receive: (message, context) => {
      const next = options.receive(state, message, context)
      if (Effect.isEffect(next)) {
        return Effect.map(next as Effect.Effect<S, unknown, R>, (settled) => {
          state = settled
        })
      }
      state = next
    }
  })
}
