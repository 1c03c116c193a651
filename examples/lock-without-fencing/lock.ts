/**
 * A lock with leases, a store that it protects, and workers that count in the store: three actors over the
 * bus.
 */
import * as Actor from "aplomb/actor"
import { Clock, Effect, Schema } from "effect"

/** Somebody else holds the lock. */
class Busy extends Schema.TaggedError<Busy>()("Busy", {}) {}
/** Somebody who got the lock later has already written. */
class Outdated extends Schema.TaggedError<Outdated>()("Outdated", {}) {}

const Lock = Actor.protocol("Lock", {
  /** Grants the lock for a while; the token grows with every grant. */
  Acquire: { reply: Schema.Int, error: Busy },
  Release: { payload: { token: Schema.Int } }
})
const Store = Actor.protocol("Store", {
  Read: { payload: { token: Schema.Int }, reply: Schema.Int, error: Outdated },
  Write: { payload: { value: Schema.Int, token: Schema.Int }, reply: Schema.Int, error: Outdated }
})

const lockAddress = { system: "example", name: "lock" }
const storeAddress = { system: "example", name: "store" }
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

/** Which requests the store refuses when they come with an older token than one that it has seen. */
export type Fencing = "nothing" | "writes" | "reads and writes"

export interface StoreOptions {
  readonly fencing: Fencing
  readonly onWrite: (before: number, after: number) => void
}

/** The process that keeps the number. */
export const storeProcess = ({ fencing, onWrite }: StoreOptions) =>
  Effect.gen(function* () {
    const store = yield* Actor.spawn(Store, {
      name: "store",
      state: () => ({ value: 0, token: 0 }),
      handlers: {
        Read: ({ token }, { state }) => {
          if (fencing !== "reads and writes") return state.value
          if (token < state.token) return new Outdated()
          state.token = token
          return state.value
        },
        Write: ({ value, token }, { state }) => {
          if (fencing !== "nothing") {
            if (token < state.token) return new Outdated()
            state.token = token
          }
          onWrite(state.value, value)
          state.value = value
          return value
        }
      }
    })
    yield* Actor.expose(store, storeAddress)
    yield* Effect.never
  })

/** A process that adds one, again and again, whenever it has the lock. */
export const workerProcess = Effect.gen(function* () {
  const lock = yield* Actor.remote(Lock, lockAddress)
  const store = yield* Actor.remote(Store, storeAddress)
  const addOne = Effect.gen(function* () {
    const token = yield* lock.ask("Acquire")
    const value = yield* store.ask("Read", { token })
    // The work that the lock is for.
    yield* Effect.sleep(20)
    yield* store.ask("Write", { value: value + 1, token })
    yield* lock.tell("Release", { token })
  })
  while (true) {
    yield* Effect.ignore(addOne)
    yield* Effect.sleep(50)
  }
})
