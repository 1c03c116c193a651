/** The consumer of a mailbox: its fiber sleeps through plain work, and is there when it is needed. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { spawnEach } from "./actor-spawn.ts"
import { DeadLetters } from "./dead-letters.ts"
import { Mailbox } from "./mailbox.ts"
import type { Worked } from "./mailbox-consumer.ts"

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })

const numbers = () => new Mailbox<number>({ name: "numbers" })

describe("a consumer", () => {
  it.effect("does plain work outside of its fiber, and resumes that with the effect that work gives", () =>
    Effect.gen(function* () {
      const mailbox = numbers()
      const runIn: Array<Fiber.Fiber<unknown, unknown> | undefined> = []
      const served: Array<number> = []
      const serve = mailbox.serve((): Worked => {
        runIn.push(Fiber.getCurrent())
        served.push(...mailbox.takeUnsafe())
        return served.includes(3) ? Effect.sync(() => void runIn.push(Fiber.getCurrent())) : "wait"
      })
      const fiber = yield* Effect.forkChild(serve, { startImmediately: true })
      for (const message of [1, 2, 3]) {
        mailbox.offerUnsafe(message)
        yield* settle
      }
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(served, [1, 2, 3])
      assert.deepStrictEqual(
        runIn.map((current) => current === fiber),
        [true, false, false, false, true]
      )
    })
  )

  it.effect("fails with what plain work throws, the first time and later", () =>
    Effect.gen(function* () {
      for (const failsAt of [1, 2]) {
        const mailbox = numbers()
        let works = 0
        const serve = mailbox.serve((): Worked => {
          if (++works === failsAt) throw new Error("bad luck")
          return "wait"
        })
        const fiber = yield* Effect.forkChild(serve, { startImmediately: true })
        mailbox.offerUnsafe(1)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && String(Cause.squash(exit.cause)).includes("bad luck"))
      }
    })
  )

  it.effect("lets others have their turn before it goes on, where work says so", () =>
    Effect.gen(function* () {
      const mailbox = numbers()
      const seen: Array<string> = []
      const serve = mailbox.serve((): Worked => {
        const [message] = mailbox.takeUnsafe(1)
        if (message === undefined) return "wait"
        seen.push(`work ${message}`)
        return mailbox.size > 0 ? "again" : "wait"
      })
      yield* Effect.forkChild(serve, { startImmediately: true })
      for (const message of [1, 2, 3]) mailbox.offerUnsafe(message)
      for (let turn = 1; turn <= 3; turn++) {
        yield* Effect.yieldNow
        seen.push("another")
      }
      assert.deepStrictEqual(seen, ["work 1", "another", "work 2", "another", "work 3", "another"])
    })
  )

  it.effect("does nothing more once it was interrupted, although it had been woken", () =>
    Effect.gen(function* () {
      const mailbox = numbers()
      const served: Array<number> = []
      const serve = mailbox.serve((): Worked => {
        served.push(...mailbox.takeUnsafe())
        return "wait"
      })
      const fiber = yield* Effect.forkChild(serve, { startImmediately: true })
      mailbox.offerUnsafe(1)
      yield* Fiber.interrupt(fiber)
      yield* settle
      assert.deepStrictEqual(served, [])
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
    })
  )
})

describe("an actor that is interrupted by what its plain handler does", () => {
  it.effect("ends when the handler has come to its end, and gives up nothing that was handled", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const letters: Array<string> = []
      const begun = yield* Deferred.make<void>()
      const hook = Effect.provideService(DeadLetters, ({ reason }) => void letters.push(reason))
      const actor = yield* spawnEach<number>({
        name: "impatient",
        onStop: () => void events.push("stopped"),
        receive: (message, { self }) => {
          Effect.runFork(self.stop({ drainMs: 0 }))
          events.push(`handled ${message}`)
          Deferred.doneUnsafe(begun, Effect.void)
        }
      }).pipe(hook)
      actor.offerUnsafe(1)
      yield* Deferred.await(begun)
      const end = yield* actor.terminated
      assert.strictEqual(end._tag, "Stopped")
      assert.deepStrictEqual(events, ["handled 1", "stopped"])
      assert.deepStrictEqual(letters, [])
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
