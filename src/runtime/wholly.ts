/** Things that are made wholly or not at all: what could not be made leaves nothing behind in the scope. */
import { Effect, Exit, Scope } from "effect"

/** Makes it in the scope; where that fails, what was made of it on the way is given back at once. */
export const wholly = <A, E, R>(make: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(yield* Effect.scope)
    return yield* make.pipe(
      Scope.provide(own),
      Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(own, exit) : Effect.void))
    )
  })

/** Makes it at the first use and keeps it until the scope closes; after a failure the next use tries anew. */
export const keptOnceMade = <A, E>(make: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const making = Scope.provide(wholly(make), yield* Effect.scope)
    return yield* Effect.cachedWithTTL(making, (exit) =>
      Exit.isSuccess(exit) ? Number.POSITIVE_INFINITY : 0
    )
  })
