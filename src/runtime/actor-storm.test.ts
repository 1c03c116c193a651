/** Actors under seeded preemption, crashes and stops: every message is handled, dead or refused, once. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Logger, References, Schedule, Scheduler } from "effect"
import type { ActorHandle, ActorOptions } from "./actor-handle.ts"
import { spawnBatch, spawnEach } from "./actor-spawn.ts"
import { DeadLetters } from "./dead-letters.ts"
import type { MailboxPolicy } from "./mailbox.ts"
import { StormScheduler } from "./mailbox-storm.test-support.ts"
import { restart } from "./supervisor.ts"

/** A clock that stands still; sleeping is letting others go first for a while. */
const patience = (duration: Duration.Duration) =>
  Effect.forEach(Array.from({ length: Duration.toMillis(duration) > 0 ? 40 : 1 }), () => Effect.yieldNow, {
    discard: true
  })
const frozen: Clock.Clock = {
  currentTimeMillisUnsafe: () => 0,
  currentTimeMillis: Effect.succeed(0),
  currentTimeNanosUnsafe: () => 0n,
  currentTimeNanos: Effect.succeed(0n),
  monotonicTimeNanosUnsafe: () => 0n,
  monotonicTimeNanos: Effect.succeed(0n),
  sleep: patience
}

interface Ledger {
  readonly handled: Array<number>
  readonly dead: Array<number>
  readonly accepted: Array<number>
  readonly refused: Array<number>
}

/** Crashes now and then, waits now and then, puts aside now and then. */
const spawnUnsteady = (
  kind: "batch" | "each",
  policy: MailboxPolicy,
  scheduler: StormScheduler,
  ledger: Ledger
) => {
  const options: ActorOptions<number, never> = {
    name: "unsteady",
    mailbox: { capacity: 4, policy },
    stashCapacity: 3,
    supervision: restart({ backoff: Schedule.spaced("10 millis"), restartsMax: 5 })
  }
  const handle = (messages: ReadonlyArray<number>) => {
    const fate = scheduler.draw(8)
    if (fate === 0) throw new Error("crash")
    const note = Effect.sync(() => void ledger.handled.push(...messages))
    if (fate === 1) return Effect.andThen(Effect.yieldNow, Effect.die(new Error("late crash")))
    if (fate === 2) return Effect.andThen(patience(Duration.millis(1)), note)
    ledger.handled.push(...messages)
  }
  if (kind === "batch") return spawnBatch<number>({ ...options, receive: handle })
  return spawnEach<number>({
    ...options,
    receive: (message, context) => {
      const fate = scheduler.draw(8)
      if (fate === 0 && context.stash(message)) return
      if (fate === 1) context.unstashAll()
      return handle([message])
    }
  })
}

const produce = (actor: ActorHandle<number>, from: number, ledger: Ledger) =>
  Effect.gen(function* () {
    for (let message = from; message < from + 15; message++) {
      const exit = yield* Effect.exit(actor.offer(message))
      ledger[Exit.isSuccess(exit) ? "accepted" : "refused"].push(message)
      yield* Effect.yieldNow
    }
  })

const storm = (seed: number, kind: "batch" | "each", policy: MailboxPolicy) => {
  const scheduler = new StormScheduler(seed)
  const ledger: Ledger = { handled: [], dead: [], accepted: [], refused: [] }
  const program = Effect.gen(function* () {
    const actor = yield* spawnUnsteady(kind, policy, scheduler, ledger)
    for (let i = 0; i < 3; i++) yield* Effect.forkDetach(produce(actor, i * 100, ledger))
    yield* patience(Duration.millis(1))
    if (scheduler.draw(2) === 0) yield* patience(Duration.millis(1))
    yield* actor.stop({ drainMs: scheduler.draw(2) * 10 })
  }).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.provideService(DeadLetters, ({ message }) => void ledger.dead.push(message as number))
  )
  const context = Context.make(Scheduler.Scheduler, scheduler).pipe(
    Context.add(Clock.Clock, frozen),
    Context.add(References.MinimumLogLevel, "None")
  )
  const fiber = Effect.runForkWith(context)(program)
  scheduler.flush()
  return { ledger, finished: fiber.pollUnsafe()?._tag === "Success" }
}

describe("an actor in a storm of crashes, restarts and stops", () => {
  for (const kind of ["batch", "each"] as const) {
    for (const policy of ["suspend", "fail", "slide"] as const) {
      it(`of kind ${kind} under ${policy} handles or gives up each message it took, once, and ends`, () => {
        let [crashes, handled] = [0, 0]
        for (let seed = 0; seed < 60; seed++) {
          const { ledger, finished } = storm(seed, kind, policy)
          assert.isTrue(finished, `seed ${seed}: it does not end`)
          assert.strictEqual(
            ledger.accepted.length + ledger.refused.length,
            45,
            `seed ${seed}: a sender sleeps`
          )
          const seen = [...ledger.handled, ...ledger.dead].toSorted((a, b) => a - b)
          assert.deepStrictEqual(
            seen,
            ledger.accepted.toSorted((a, b) => a - b),
            `seed ${seed}`
          )
          crashes += ledger.dead.length
          handled += ledger.handled.length
        }
        assert.isAbove(crashes, 60, "the storm breaks nothing, it proves nothing")
        assert.isAbove(handled, 60)
      })
    }
  }
})
