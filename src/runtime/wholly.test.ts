/** What cannot be made leaves nothing behind, and is tried again; what was made is kept. */
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { keptOnceMade } from "./wholly.ts"

it.effect("a thing is tried anew where it could not be made, and made once where it could", () =>
  Effect.gen(function* () {
    const log: Array<string> = []
    let attempts = 0
    const make = Effect.gen(function* () {
      const attempt = ++attempts
      yield* Effect.acquireRelease(
        Effect.sync(() => log.push(`open ${attempt}`)),
        () => Effect.sync(() => log.push(`close ${attempt}`))
      )
      return attempt === 1 ? yield* Effect.fail("away") : attempt
    })
    const scope = yield* Scope.make()
    const kept = yield* Scope.provide(keptOnceMade(make), scope)
    assert.strictEqual(yield* Effect.flip(kept), "away")
    assert.deepStrictEqual(log, ["open 1", "close 1"])
    assert.deepStrictEqual([yield* kept, yield* kept], [2, 2])
    assert.deepStrictEqual(log.slice(2), ["open 2"])
    yield* Scope.close(scope, Exit.void)
    assert.deepStrictEqual(log.slice(3), ["close 2"])
  })
)
