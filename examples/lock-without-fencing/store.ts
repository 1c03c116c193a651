/** The store: an actor that keeps a number, and may refuse who comes with an old token. */
import * as Actor from "aplomb/actor"
import { Effect, Schema } from "effect"

/** Somebody who got the lock later has been here before. */
class Outdated extends Schema.TaggedError<Outdated>()("Outdated", {}) {}

export const Store = Actor.protocol("Store", {
  Read: { payload: { token: Schema.Int }, reply: Schema.Int, error: Outdated },
  Write: { payload: { value: Schema.Int, token: Schema.Int }, reply: Schema.Int, error: Outdated }
})

export const storeAddress = { system: "example", name: "store" }

/** Which requests are refused when they come with an older token than one that was seen. */
export type Fencing = "nothing" | "writes" | "reads and writes"

/** The process that keeps the number. */
export const storeProcess = (fencing: Fencing, onWrite: (before: number, after: number) => void) =>
  Effect.gen(function* () {
    const store = yield* Actor.spawn(Store, {
      name: "store",
      state: () => ({ value: 0, token: 0 }),
      handlers: {
        Read: ({ token }, { state }) => {
          if (fencing === "reads and writes") {
            if (token < state.token) return new Outdated()
            state.token = token
          }
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
