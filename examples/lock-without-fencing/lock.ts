/** The lock: an actor that grants itself to one holder at a time, as a lease. */
import * as Actor from "aplomb/actor"
import { Clock, Effect, Schema } from "effect"

/** Somebody else holds the lock. */
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}

export const Lock = Actor.protocol("Lock", {
  /** Grants the lock for a while; the token grows with every grant. */
  Acquire: { reply: Schema.Int, error: Busy },
  Release: { payload: { token: Schema.Int } }
})

export const lockAddress = { system: "example", name: "lock" }

/** A holder that is not heard of for this long has lost the lock. */
const leaseMs = 500

/** The process that grants the lock. */
export const lockProcess = Effect.gen(function* () {
  const lock = yield* Actor.spawn(Lock, {
    name: "lock",
    state: () => ({ token: 0, heldUntilMs: 0 }),
    handlers: {
      Acquire: (_, { state }) =>
        Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          if (nowMs < state.heldUntilMs) return yield* new Busy()
          state.heldUntilMs = nowMs + leaseMs
          return ++state.token
        }),
      Release: ({ token }, { state }) => {
        if (token === state.token) state.heldUntilMs = 0
      }
    }
  })
  yield* Actor.expose(lock, lockAddress)
  yield* Effect.never
})
