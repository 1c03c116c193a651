/** Where nats-server is looked for, and what is said where there is none. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { findNatsServer } from "./nats-server.ts"

describe("nats-server", () => {
  it.effect("that is nowhere is answered with how to install it or do without", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(findNatsServer("/nowhere", ["/neither"]))
      assert.strictEqual(failure.exitCode, 3)
      assert.include(failure.message, "install it")
      assert.include(failure.message, "--bus memory")
    })
  )
})
