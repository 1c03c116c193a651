/** The mailbox under seeded preemption and interruption: nothing is lost, doubled or left asleep. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Scheduler } from "effect"
import { Mailbox, type MailboxPolicy } from "./mailbox.ts"
import { StormScheduler } from "./mailbox-storm.test-support.ts"

interface Outcome {
  readonly received: Array<number>
  readonly sent: Set<number>
  readonly discarded: Array<number>
  readonly unknown: Set<number>
}

const producer = (mailbox: Mailbox<number>, from: number, count: number, outcome: Outcome) =>
  Effect.gen(function* () {
    for (let message = from; message < from + count; message++) {
      outcome.unknown.add(message)
      const exit = yield* Effect.exit(mailbox.offer(message))
      outcome.unknown.delete(message)
      if (Exit.isSuccess(exit)) outcome.sent.add(message)
    }
  })

const storm = (seed: number, policy: MailboxPolicy) => {
  const scheduler = new StormScheduler(seed)
  const outcome: Outcome = { received: [], sent: new Set(), discarded: [], unknown: new Set() }
  const mailbox = new Mailbox<number>({
    name: "storm",
    capacity: 3,
    policy,
    onDiscard: (message) => outcome.discarded.push(message)
  })
  const consume = Effect.forever(
    Effect.map(mailbox.takeAll(1 + scheduler.draw(4)), (batch) => outcome.received.push(...batch))
  )
  const program = Effect.gen(function* () {
    let consumer = yield* Effect.forkDetach(consume)
    const producers: Array<Fiber.Fiber<void>> = []
    for (let i = 0; i < 6; i++)
      producers.push(yield* Effect.forkDetach(producer(mailbox, i * 100, 12, outcome)))
    for (let i = 0; i < 12; i++) {
      yield* Effect.yieldNow
      if (scheduler.draw(2) === 0) yield* Fiber.interrupt(producers[scheduler.draw(6)]!)
      if (scheduler.draw(3) === 0) {
        yield* Fiber.interrupt(consumer)
        consumer = yield* Effect.forkDetach(consume)
      }
    }
    for (const fiber of producers) yield* Fiber.await(fiber)
    mailbox.close("drain")
    yield* Fiber.await(consumer)
  })
  const fiber = Effect.runForkWith(Context.make(Scheduler.Scheduler, scheduler))(program)
  scheduler.flush()
  return { outcome, finished: fiber.pollUnsafe() !== undefined, mailbox }
}

describe("a mailbox under a storm of interruptions", () => {
  const policies: ReadonlyArray<MailboxPolicy> = ["suspend", "fail", "drop", "slide"]
  for (const policy of policies) {
    it(`under ${policy} neither loses, doubles nor leaves anybody asleep`, () => {
      let interrupted = 0
      for (let seed = 0; seed < 100; seed++) {
        const { outcome, finished, mailbox } = storm(seed, policy)
        assert.isTrue(finished, `seed ${seed}: somebody sleeps for ever`)
        const seen = [...outcome.received, ...outcome.discarded]
        assert.strictEqual(new Set(seen).size, seen.length, `seed ${seed}: a message was doubled`)
        for (const message of outcome.sent) assert.include(seen, message, `seed ${seed}: ${message} was lost`)
        for (const message of seen) {
          const known = outcome.sent.has(message) || outcome.unknown.has(message)
          assert.isTrue(known, `seed ${seed}: ${message} came although its offer failed`)
        }
        assert.strictEqual(mailbox.size, 0)
        interrupted += outcome.unknown.size
        for (let i = 0; i < 6; i++) {
          const own = outcome.received.filter((message) => Math.floor(message / 100) === i)
          assert.deepStrictEqual(
            own,
            own.toSorted((a, b) => a - b),
            `seed ${seed}: order of one sender broke`
          )
        }
      }
      assert.isAbove(interrupted, 50, "the storm interrupts nothing, it proves nothing")
    })
  }
})
