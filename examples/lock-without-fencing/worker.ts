/** A worker: adds one to the number in the store, again and again, whenever it has the lock. */
import * as Actor from "aplomb/actor"
import { Effect } from "effect"
import { Lock, lockAddress } from "./lock.ts"
import { Store, storeAddress } from "./store.ts"

export const workerProcess = Effect.gen(function* () {
  const lock = yield* Actor.remote(Lock, lockAddress)
  const store = yield* Actor.remote(Store, storeAddress)
  const addOne = Effect.gen(function* () {
    const token = yield* lock.ask("Acquire") // for 500 ms; the token grows with every grant
    const value = yield* store.ask("Read", { token })
    yield* Effect.sleep(20) // the work that the lock is for
    yield* store.ask("Write", { value: value + 1, token })
    yield* lock.tell("Release", { token })
  })
  while (true) {
    yield* Effect.ignore(addOne)
    yield* Effect.sleep(50)
  }
})
