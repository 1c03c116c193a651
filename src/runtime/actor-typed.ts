/** Spawns typed actors: handlers by tag, checked for completeness by the compiler. */
import { Cause, Effect, Option, type Scope } from "effect"
import type { ActorCell } from "./actor-cell.ts"
import type { ActorContext, ActorOptions } from "./actor-handle.ts"
import { type LocalActor, localActor } from "./actor-local.ts"
import type {
  Definitions,
  Envelope,
  ErrorOf,
  Message,
  PayloadOf,
  Protocol,
  ReplyOf,
  TagOf
} from "./actor-protocol.ts"
import { spawnCell } from "./actor-spawn.ts"
import { refused } from "./reference.ts"

/** What a handler returns for a message that it put aside. */
export interface Postponed {
  readonly _tag: "aplomb/Postponed"
}
const postponed: Postponed = { _tag: "aplomb/Postponed" }

/** What a handler of a typed actor gets of its own actor. */
export interface TypedContext<D extends Definitions, S> extends Omit<ActorContext<Message<D>>, "stash"> {
  /** Made by `state`, anew after a restart with fresh state; handlers may change it in place. */
  readonly state: S
  /**
   * Puts the current message aside until `unstashAll`; return what it returns. Where too much is aside
   * already, whoever asked gets MailboxFull, and the message is a dead letter.
   */
  readonly postpone: () => Postponed
}

/** One handler for each tag: it returns the reply, an effect of it, or `context.postpone()`. */
export type Handlers<D extends Definitions, S> = {
  readonly [T in TagOf<D>]: (
    payload: PayloadOf<D, T>,
    context: TypedContext<D, S>
  ) => ReplyOf<D, T> | Postponed | Effect.Effect<ReplyOf<D, T> | Postponed, ErrorOf<D, T>, unknown>
}

/** The services that handlers need. */
export type HandlerServices<H> = {
  [T in keyof H]: H[T] extends (...input: never) => infer Result
    ? Result extends Effect.Effect<unknown, unknown, infer R>
      ? R
      : never
    : never
}[keyof H]

export interface TypedActorOptions<D extends Definitions, S, H extends Handlers<D, S>, R>
  extends ActorOptions<Message<D>, R> {
  /** Makes the state to begin with. */
  readonly state: () => S
  readonly handlers: H & { readonly [K in Exclude<keyof H, TagOf<D>>]: never }
  /**
   * Sends payloads, replies and errors through their schemas in process too, so that a program that works
   * here works over the bus. Default true; false passes values as they are, unchecked.
   */
  readonly simulateSerialization?: boolean
}

/**
 * Spawns a typed actor. It stops when the scope closes. A handler that fails with an error of the protocol
 * answers with it; whatever else goes wrong is a crash: the question fails with ActorCrashed, and supervision
 * decides.
 *
 * @example
 * ```ts
 * const counter = yield* spawn(Counter, {
 *   name: "counter",
 *   state: () => ({ total: 0 }),
 *   handlers: {
 *     Add: ({ amount }, { state }) => {
 *       state.total += amount
 *     },
 *     Read: (_, { state }) => state.total
 *   }
 * })
 * yield* counter.tell("Add", { amount: 2 })
 * console.log(yield* counter.ask("Read"))
 * ```
 */
export const spawn = <const D extends Definitions, S, const H extends Handlers<D, S>, R = never>(
  definition: Protocol<D>,
  options: TypedActorOptions<D, S, H, R>
): Effect.Effect<LocalActor<D>, never, R | HandlerServices<H> | Scope.Scope> => {
  type Services = R | HandlerServices<H>
  const handlers: Handlers<D, S> = options.handlers
  const keeps = options.supervision?.strategy === "restart" && options.supervision.state === "keep"
  let state: S
  const started: ActorOptions<Message<D>, Services> = {
    ...options,
    onStart: (context) => {
      if (context.restarts === 0 || !keeps) state = options.state()
      return options.onStart?.(context)
    }
  }
  const spawned = spawnCell<Message<D>, Services>(started, {
    onDiscard: (message, reason) => message.answer?.(refused(reason)),
    behavior: (cell, context) => {
      const typed = typedContext<D, S>(cell, context, () => state)
      return {
        turnsMax: 128,
        turn: () => {
          const batch = cell.take(1)
          if (batch.length === 0) return
          const message = batch[0]!
          // The reference let in only tags of the protocol, with payloads of their schemas.
          const result: unknown = handlers[message.tag as TagOf<D>](message.payload as never, typed)
          if (!Effect.isEffect(result)) return answer(message, result)
          return settle(definition, message, result as Effect.Effect<unknown, unknown, HandlerServices<H>>)
        }
      }
    }
  })
  const serialized = options.simulateSerialization ?? true
  return Effect.map(spawned, (cell) => localActor(definition, cell, serialized))
}

const typedContext = <D extends Definitions, S>(
  cell: ActorCell<Message<D>>,
  context: ActorContext<Message<D>>,
  state: () => S
): TypedContext<D, S> => ({
  self: context.self,
  timers: context.timers,
  get restarts() {
    return context.restarts
  },
  unstashAll: context.unstashAll,
  watch: context.watch,
  stop: context.stop,
  get state() {
    return state()
  },
  postpone: () => {
    for (const message of cell.inHand) if (!cell.stash(message)) cell.discard(message, "full")
    return postponed
  }
})

const answer = (message: Envelope, value: unknown): void => {
  if (value !== postponed) message.answer?.({ _tag: "Reply", value })
}

const settle = <D extends Definitions, R>(
  definition: Protocol<D>,
  message: Envelope,
  result: Effect.Effect<unknown, unknown, R>
): Effect.Effect<void, unknown, R> =>
  Effect.matchCauseEffect(result, {
    onSuccess: (value) => Effect.sync(() => answer(message, value)),
    onFailure: (cause) => {
      const error = Cause.findErrorOption(cause)
      const isAnswer = Option.isSome(error) && definition.definitions[message.tag]?.error !== undefined
      if (!isAnswer) return Effect.failCause(cause)
      return Effect.sync(() => message.answer?.({ _tag: "Failure", error: error.value }))
    }
  })
