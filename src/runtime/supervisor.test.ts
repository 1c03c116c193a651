/** Supervision as decisions over time. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { spawnEach } from "./actor-spawn.ts"
import { crash, type Decision, restart, Supervisor, stopOnCrash } from "./supervisor.ts"

const cause = Cause.fail("broken")
const delayOf = (decision: Decision) => (decision._tag === "Restart" ? decision.delayMs : decision._tag)

describe("supervision", () => {
  it.effect("backs off further with each crash, and from the beginning after a window of calm", () =>
    Effect.gen(function* () {
      const backoff = Schedule.exponential("100 millis")
      const supervisor = new Supervisor(restart({ backoff, windowMs: 10_000 }))
      const delays: Array<unknown> = []
      const crashes = Effect.gen(function* () {
        for (let i = 0; i < 3; i++) delays.push(delayOf(yield* supervisor.decide(cause)))
      })
      yield* crashes
      yield* TestClock.adjust(10_001)
      yield* crashes
      assert.deepStrictEqual(delays, [100, 200, 400, 100, 200, 400])
    })
  )

  it.effect("shows the cause to the schedule, which may give up on some", () =>
    Effect.gen(function* () {
      const backoff = Schedule.while(Schedule.spaced("1 second"), ({ input }: { readonly input: unknown }) =>
        Effect.succeed(Cause.isCause(input) && !Cause.hasDies(input))
      )
      const supervisor = new Supervisor(restart({ backoff }))
      assert.strictEqual(delayOf(yield* supervisor.decide(cause)), 1000)
      assert.strictEqual(delayOf(yield* supervisor.decide(Cause.die("defect"))), "Escalate")
    })
  )

  it.effect("escalates where the schedule itself breaks", () =>
    Effect.gen(function* () {
      const backoff = Schedule.addDelay(Schedule.forever, () => Effect.die(new Error("bad schedule")))
      const supervisor = new Supervisor(restart({ backoff }))
      assert.strictEqual(delayOf(yield* supervisor.decide(cause)), "Escalate")
    }).pipe(Effect.provide(Logger.layer([])))
  )

  it.effect("stays within its default limits: capped pauses, ten crashes a minute", () =>
    Effect.gen(function* () {
      const supervisor = new Supervisor(restart())
      for (let i = 0; i < 10; i++) {
        const delayMs = delayOf(yield* supervisor.decide(cause))
        assert.isTrue(typeof delayMs === "number" && delayMs >= 50 && delayMs <= 12_000, String(delayMs))
      }
      assert.strictEqual(delayOf(yield* supervisor.decide(cause)), "Escalate")
    })
  )

  it.effect("never restarts under stop and crash", () =>
    Effect.gen(function* () {
      assert.strictEqual(delayOf(yield* new Supervisor(stopOnCrash).decide(cause)), "Stop")
      assert.strictEqual(delayOf(yield* new Supervisor(crash).decide(cause)), "Escalate")
    })
  )

  it.effect("does not give up a message that was put aside by the handler that crashed", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const actor = yield* spawnEach<string>({
        name: "stash",
        supervision: restart({ backoff: Schedule.spaced("10 millis") }),
        receive: (message, context) => {
          if (context.restarts > 0) return void seen.push(message)
          context.stash(message)
          throw new Error("after putting it aside")
        }
      })
      actor.offerUnsafe("a")
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(seen, ["a"])
      assert.strictEqual(actor.metrics.deadLetters.size, 0)
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
