/** Typed actors in process: tell, ask, typed errors, postponing, serialisation. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Logger, Option, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { protocol } from "./actor-protocol.ts"
import { spawn } from "./actor-typed.ts"
import { restart } from "./supervisor.ts"

const settle = Effect.forEach(Array.from({ length: 10 }), () => Effect.yieldNow, { discard: true })
const quiet = Effect.provide(Logger.layer([]))

class Overdrawn extends Schema.TaggedError<Overdrawn>()("Overdrawn", { missing: Schema.Int }) {}

const Account = protocol("Account", {
  Deposit: { payload: { amount: Schema.Int } },
  Withdraw: { payload: { amount: Schema.Int }, reply: Schema.Int, error: Overdrawn },
  Balance: { reply: Schema.Int },
  Opened: { reply: Schema.DateTimeUtcFromMillis },
  Wait: { reply: Schema.Void },
  Release: {},
  Explode: { reply: Schema.Void }
})

class Rate extends Context.Service<Rate, { readonly factor: number }>()("test/Rate") {}

const spawnAccount = (capacity = 16, simulateSerialization = true) =>
  spawn(Account, {
    name: "account",
    mailbox: { capacity },
    simulateSerialization,
    stashCapacity: 1,
    supervision: restart({ backoff: Schedule.spaced("10 millis") }),
    state: () => ({ balance: 0, released: false }),
    handlers: {
      Deposit: ({ amount }, { state }) => {
        state.balance += amount
      },
      Withdraw: ({ amount }, { state }) =>
        Effect.gen(function* () {
          const { factor } = yield* Rate
          const cost = amount * factor
          if (cost > state.balance) return yield* new Overdrawn({ missing: cost - state.balance })
          state.balance -= cost
          return state.balance
        }),
      Balance: (_, { state }) => state.balance,
      Opened: () => "no date" as never,
      Wait: (_, context) => (context.state.released ? undefined : context.postpone()),
      Release: (_, context) => {
        context.state.released = true
        context.unstashAll()
      },
      Explode: () => Effect.die(new Error("boom"))
    }
  }).pipe(Effect.provideService(Rate, { factor: 2 }))

describe("a typed actor", () => {
  it.effect("is told and asked, and fails with the errors of its protocol as values of their class", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      yield* account.tell("Deposit", { amount: 10 })
      assert.strictEqual(yield* account.ask("Withdraw", { amount: 3 }), 4)
      const error = yield* Effect.flip(account.ask("Withdraw", { amount: 3 }))
      assert.isTrue(error instanceof Overdrawn && error.missing === 2)
      assert.strictEqual(yield* account.ask("Balance"), 4)
      assert.strictEqual(account.metrics.failures, 0)
      assert.strictEqual(account.metrics.asking.count, 3)
    })
  )

  it.effect("does not let a payload through that does not fit its schema", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      const error = yield* Effect.flip(account.tell("Deposit", { amount: 1.5 }))
      assert.strictEqual(error._tag, "MalformedMessage")
      const unchecked = yield* spawnAccount(16, false)
      yield* unchecked.tell("Deposit", { amount: 1.5 })
      assert.strictEqual(yield* unchecked.ask("Balance"), 1.5)
    })
  )

  it.effect("whose reply does not fit its schema fails the question, and lives on", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      const error = yield* Effect.flip(account.ask("Opened"))
      assert.strictEqual(error._tag, "MalformedMessage")
      assert.strictEqual(yield* account.ask("Balance"), 0)
    })
  )

  it.effect("that does not answer in time fails the question with AskTimeout", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      const asking = yield* Effect.forkChild(Effect.flip(account.ask("Wait", undefined, { timeoutMs: 100 })))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(asking))._tag, "AskTimeout")
    })
  )

  it.effect("that is full fails a question with MailboxFull at once", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount(1)
      yield* account.tell("Deposit", { amount: 1 })
      const error = yield* Effect.flip(account.ask("Balance"))
      assert.strictEqual(error._tag, "MailboxFull")
    })
  )

  it.effect("under slide fails the question that was pushed out with MailboxFull", () =>
    Effect.gen(function* () {
      const account = yield* spawn(Account, {
        name: "sliding",
        mailbox: { capacity: 1, policy: "slide" },
        state: () => 0,
        handlers: {
          Deposit: () => undefined,
          Withdraw: () => 0,
          Balance: () => 7,
          Opened: () => "" as never,
          Wait: () => undefined,
          Release: () => undefined,
          Explode: () => undefined
        }
      })
      const first = yield* Effect.forkChild(Effect.flip(account.ask("Balance")), { startImmediately: true })
      assert.strictEqual(yield* account.ask("Balance"), 7)
      assert.strictEqual((yield* Fiber.join(first))._tag, "MailboxFull")
    })
  )

  it.effect("that crashes fails the question with ActorCrashed, restarts fresh, and answers the next", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      yield* account.tell("Deposit", { amount: 10 })
      const error = yield* Effect.flip(account.ask("Explode"))
      assert.strictEqual(error._tag, "ActorCrashed")
      const asking = yield* Effect.forkChild(account.ask("Balance"))
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(asking), 0)
      assert.strictEqual(account.metrics.restarts, 1)
    }).pipe(quiet)
  )

  it.effect("that stops fails with ActorStopped what it has not answered, put aside or waiting", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      const asking = yield* Effect.forkChild(Effect.flip(account.ask("Wait")), { startImmediately: true })
      yield* settle
      yield* account.stop()
      assert.strictEqual((yield* Fiber.join(asking))._tag, "ActorStopped")
      assert.strictEqual((yield* Effect.flip(account.ask("Balance")))._tag, "ActorStopped")
      assert.strictEqual((yield* Effect.flip(account.tell("Release")))._tag, "ActorStopped")
    })
  )

  it.effect("puts questions aside and answers them later, within its bound", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      const asking = yield* Effect.forkChild(account.ask("Wait"), { startImmediately: true })
      yield* settle
      assert.strictEqual((yield* Effect.flip(account.ask("Wait")))._tag, "MailboxFull")
      yield* account.tell("Release")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(asking)))
    })
  )

  it.effect("gets messages of its protocol from its timers and watches", () =>
    Effect.gen(function* () {
      const Clockwork = protocol("Clockwork", {
        Tick: {},
        Ended: { payload: { how: Schema.String } },
        Log: { reply: Schema.Array(Schema.String) }
      })
      const account = yield* spawnAccount()
      const clockwork = yield* spawn(Clockwork, {
        name: "clockwork",
        state: (): Array<string> => [],
        onStart: (context) => {
          context.timers.setRepeating("tick", 10, Clockwork.message("Tick"))
          context.watch(account, (end) => Clockwork.message("Ended", { how: end._tag }))
        },
        handlers: {
          Tick: (_, { state }) => void state.push("tick"),
          Ended: ({ how }, { state }) => void state.push(how),
          Log: (_, { state }) => state
        }
      })
      yield* TestClock.adjust(10)
      yield* account.stop()
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* clockwork.ask("Log"), ["tick", "Stopped", "tick"])
    })
  )

  it.effect("goes on with what waits before whoever asked resumes", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const Log = protocol("Log", { Ask: { reply: Schema.Void }, Tell: {} })
      const actor = yield* spawn(Log, {
        name: "log",
        state: () => undefined,
        handlers: { Ask: () => void log.push("ask"), Tell: () => void log.push("tell") }
      })
      const asked = Effect.map(actor.ask("Ask"), () => log.push("asked"))
      const asking = yield* Effect.forkChild(asked, { startImmediately: true })
      yield* actor.tell("Tell")
      yield* Fiber.join(asking)
      assert.deepStrictEqual(log, ["ask", "tell", "asked"])
    })
  )

  it.effect("stays silent to whoever no longer asks, and handles the question all the same", () =>
    Effect.gen(function* () {
      const account = yield* spawnAccount()
      yield* account.tell("Deposit", { amount: 10 })
      const asking = yield* Effect.forkChild(account.ask("Withdraw", { amount: 1 }), {
        startImmediately: true
      })
      const exit = yield* Fiber.interrupt(asking).pipe(Effect.andThen(Fiber.await(asking)))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.isTrue(Option.isNone(Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none()))
      assert.strictEqual(yield* account.ask("Balance"), 8)
    })
  )

  it("does not compile without a handler, with one too many, or with a wrong payload", () => {
    const check = Effect.gen(function* () {
      // @ts-expect-error Release has no handler
      yield* spawn(protocol("P", { Release: {} }), { name: "p", state: () => 0, handlers: {} })
      const p = yield* spawn(protocol("P", { Release: {} }), {
        name: "p",
        state: () => 0,
        // @ts-expect-error Other is no message of the protocol
        handlers: { Release: () => undefined, Other: () => undefined }
      })
      // @ts-expect-error Release carries nothing
      yield* p.tell("Release", { amount: 1 })
      // @ts-expect-error Release is no question
      yield* p.ask("Release")
    })
    assert.isTrue(Effect.isEffect(check))
  })
})
