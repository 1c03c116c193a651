/** Who hears of crashes of actors. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber, Logger, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { spawnEach } from "./actor-spawn.ts"
import { type ActorCrash, Crashes } from "./crashes.ts"
import { restart } from "./supervisor.ts"

describe("the hook for crashes", () => {
  it.effect("is shown each, with what comes of it, and may throw itself", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const hook = ({ actor, cause, then }: ActorCrash) => {
        seen.push(`${actor} ${then}: ${Cause.pretty(cause).split("\n")[0]}`)
        throw new Error("a faulty hook")
      }
      const actor = yield* spawnEach<number, never>({
        name: "unlucky",
        supervision: restart({ backoff: Schedule.spaced("10 millis"), restartsMax: 1 }),
        receive: () => Effect.die(new Error("bad luck")),
        onStop: () => {
          throw new Error("worse")
        }
      }).pipe(Effect.provideService(Crashes, hook))
      const ended = yield* Effect.forkChild(actor.terminated, { startImmediately: true })
      for (const message of [1, 2]) actor.offerUnsafe(message)
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(ended))._tag, "Escalated")
      assert.deepStrictEqual(seen, [
        "unlucky restarts: Error: bad luck",
        "unlucky goes on: Error: worse",
        "unlucky escalates: Error: bad luck",
        "unlucky goes on: Error: worse"
      ])
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
