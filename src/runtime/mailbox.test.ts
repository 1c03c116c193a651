/** The mailbox: lanes, policies, waking, closing, counters. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { LateMessage, Mailbox, type MailboxPolicy } from "./mailbox.ts"

const numbers = (capacity: number, policy: MailboxPolicy, discarded: Array<string> = []) =>
  new Mailbox<number>({
    name: "test",
    capacity,
    controlCapacity: 2,
    policy,
    onDiscard: (message, reason) => discarded.push(`${message} ${reason}`)
  })

describe("a mailbox", () => {
  it.effect("hands over control before data, all that waits at once", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      for (const message of [1, 2]) mailbox.offerUnsafe(message)
      for (const message of [10, 20]) mailbox.offerControlUnsafe(message)
      assert.deepStrictEqual(yield* mailbox.takeAll(), [10, 20, 1, 2])
      assert.strictEqual(mailbox.size, 0)
    })
  )

  it.effect("hands over at most the number asked, and the rest later in order", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      for (const message of [1, 2, 3]) mailbox.offerUnsafe(message)
      mailbox.offerControlUnsafe(10)
      assert.deepStrictEqual(yield* mailbox.takeAll(2), [10, 1])
      assert.deepStrictEqual(yield* mailbox.takeAll(1), [2])
      assert.deepStrictEqual(yield* mailbox.takeAll(5), [3])
    })
  )

  it("without a bound cannot be made: what would not bound it is refused by a sentence", () => {
    for (const capacity of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY]) {
      const problem = `the capacity of the mailbox of test is ${capacity}: give a whole number from 0 on`
      assert.throws(() => numbers(capacity, "fail"), RangeError, problem)
      const control = () => new Mailbox({ name: "test", controlCapacity: capacity })
      assert.throws(control, RangeError, "the controlCapacity of the mailbox of test")
    }
  })

  it("that nobody could ever wait to get into cannot be made", () => {
    const problem = "the mailbox of test lets nobody in (capacity 0): give it 1 at least"
    assert.throws(() => numbers(0, "suspend"), RangeError, problem)
    assert.strictEqual(numbers(0, "fail").offerUnsafe(1), false)
  })

  it("that is full refuses and says so", () => {
    const mailbox = numbers(1, "fail")
    assert.isTrue(mailbox.offerUnsafe(1))
    assert.isFalse(mailbox.offerUnsafe(2))
    assert.strictEqual(mailbox.refused, 1)
    assert.strictEqual(mailbox.discarded, 0)
  })

  it.effect("that is full fails an offer with MailboxFull", () =>
    Effect.gen(function* () {
      const mailbox = numbers(1, "fail")
      yield* mailbox.offer(1)
      const error = yield* Effect.flip(mailbox.offer(2))
      assert.strictEqual(error._tag, "MailboxFull")
    })
  )

  it("whose control lane is full refuses control, not data", () => {
    const mailbox = numbers(4, "fail")
    assert.deepStrictEqual(
      [1, 2, 3].map((message) => mailbox.offerControlUnsafe(message)),
      [true, true, false]
    )
    assert.isTrue(mailbox.offerUnsafe(4))
  })

  it.effect("under drop gives up the newest and reports it", () =>
    Effect.gen(function* () {
      const discarded: Array<string> = []
      const mailbox = numbers(1, "drop", discarded)
      yield* mailbox.offer(1)
      yield* mailbox.offer(2)
      assert.isFalse(mailbox.offerUnsafe(3))
      assert.deepStrictEqual(discarded, ["2 full", "3 full"])
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
      assert.strictEqual(mailbox.discarded, 2)
    })
  )

  it("under slide gives up the oldest, reports it, and keeps the order over many rounds", () => {
    const discarded: Array<string> = []
    const mailbox = numbers(2, "slide", discarded)
    for (let message = 0; message < 5000; message++) assert.isTrue(mailbox.offerUnsafe(message))
    assert.deepStrictEqual(mailbox.takeUnsafe(), [4998, 4999])
    assert.strictEqual(discarded.length, 4998)
    assert.strictEqual(discarded[0], "0 slid")
    assert.strictEqual(mailbox.peak, 2)
  })

  it.effect("under suspend lets offers wait and accepts them first come, first served", () =>
    Effect.gen(function* () {
      const mailbox = numbers(1, "suspend")
      const offers: Array<Fiber.Fiber<void, unknown>> = []
      for (const message of [1, 2, 3]) {
        offers.push(yield* Effect.forkChild(mailbox.offer(message), { startImmediately: true }))
      }
      assert.isFalse(mailbox.offerUnsafe(4))
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
      assert.deepStrictEqual(yield* mailbox.takeAll(), [2])
      assert.deepStrictEqual(yield* mailbox.takeAll(), [3])
      for (const offer of offers) assert.isTrue(Exit.isSuccess(yield* Fiber.await(offer)))
    })
  )

  it.effect("withdraws the message of an offer that is interrupted while it waits", () =>
    Effect.gen(function* () {
      const mailbox = numbers(1, "suspend")
      yield* mailbox.offer(1)
      const second = yield* Effect.forkChild(mailbox.offer(2), { startImmediately: true })
      yield* Effect.forkChild(mailbox.offer(3), { startImmediately: true })
      yield* Fiber.interrupt(second)
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
      assert.deepStrictEqual(yield* mailbox.takeAll(), [3])
      assert.strictEqual(mailbox.size, 0)
    })
  )

  it.effect("wakes its consumer through the scheduler, with all of one turn in one batch", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      const batches: Array<ReadonlyArray<number>> = []
      const consumer = yield* Effect.forkChild(
        Effect.forever(Effect.map(mailbox.takeAll(), (batch) => batches.push(batch))),
        { startImmediately: true }
      )
      for (const message of [1, 2, 3]) mailbox.offerUnsafe(message)
      assert.deepStrictEqual(batches, [])
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      assert.deepStrictEqual(batches, [[1, 2, 3]])
      yield* Fiber.interrupt(consumer)
    })
  )

  it.effect("keeps what waits when its consumer is interrupted, for the next one", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      const consumer = yield* Effect.forkChild(mailbox.takeAll(), { startImmediately: true })
      mailbox.offerUnsafe(1)
      yield* Fiber.interrupt(consumer)
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
    })
  )

  it.effect("takes a new consumer after one that was interrupted while it waited", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      const first = yield* Effect.forkChild(mailbox.takeAll(), { startImmediately: true })
      yield* Fiber.interrupt(first)
      const second = yield* Effect.forkChild(mailbox.takeAll(), { startImmediately: true })
      mailbox.offerUnsafe(1)
      assert.deepStrictEqual(yield* Fiber.join(second), [1])
    })
  )

  it.effect("refuses a second consumer", () =>
    Effect.gen(function* () {
      const mailbox = numbers(8, "fail")
      yield* Effect.forkChild(mailbox.takeAll(), { startImmediately: true })
      const exit = yield* Effect.exit(mailbox.takeAll())
      assert.isTrue(Exit.isFailure(exit) && Exit.hasDies(exit))
    })
  )

  it.effect("closed to drain hands over what it accepted, then says stopped", () =>
    Effect.gen(function* () {
      const mailbox = numbers(1, "suspend")
      yield* mailbox.offer(1)
      const waiting = yield* Effect.forkChild(Effect.flip(mailbox.offer(2)), { startImmediately: true })
      mailbox.close("drain")
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "ActorStopped")
      assert.isFalse(mailbox.offerUnsafe(3))
      assert.isFalse(mailbox.offerControlUnsafe(3))
      assert.deepStrictEqual(yield* mailbox.takeAll(), [1])
      assert.strictEqual((yield* Effect.flip(mailbox.takeAll()))._tag, "ActorStopped")
    })
  )

  it.effect("closed to drop gives up all that waits, and wakes its consumer", () =>
    Effect.gen(function* () {
      const discarded: Array<string> = []
      const mailbox = numbers(4, "fail", discarded)
      mailbox.offerUnsafe(1)
      mailbox.offerControlUnsafe(10)
      mailbox.close("drop")
      assert.deepStrictEqual(discarded, ["10 stopped", "1 stopped"])
      const empty = numbers(4, "fail")
      const consumer = yield* Effect.forkChild(Effect.flip(empty.takeAll()), { startImmediately: true })
      empty.close("drop")
      assert.strictEqual((yield* Fiber.join(consumer))._tag, "ActorStopped")
    })
  )

  it("leaves out a late control message that was withdrawn before it is taken", () => {
    const mailbox = numbers(4, "fail")
    let withdrawn = false
    mailbox.offerControlUnsafe(new LateMessage(() => (withdrawn ? undefined : 1)))
    mailbox.offerControlUnsafe(new LateMessage(() => 2))
    withdrawn = true
    assert.deepStrictEqual(mailbox.takeUnsafe(), [2])
  })
})
