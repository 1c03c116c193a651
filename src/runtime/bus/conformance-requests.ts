/** Claims about questions and answers that every adapter of the bus must fulfil. */
import { Effect, Fiber } from "effect"
import { answer, type Claim, closable, listen, outcome, same, text, textOf } from "./conformance-kit.ts"

const longMs = 60_000

export const requestClaims: ReadonlyArray<Claim> = [
  {
    claim: "a question gets the answer of whoever listens, also of the asker itself, also an empty one",
    check: Effect.fnUntraced(function* (fixture) {
      const [asker, other] = [yield* fixture.connect, yield* fixture.connect]
      yield* answer(other, "double", (question) => text(question + question))
      yield* answer(asker, "self", (question) => text(`self ${question}`))
      yield* answer(other, "empty", () => new Uint8Array())
      yield* same("from another", textOf(yield* asker.request("double", text("ab"), longMs)), "abab")
      yield* same("from itself", textOf(yield* asker.request("self", text("x"), longMs)), "self x")
      yield* same("an empty one", (yield* asker.request("empty", text("x"), longMs)).byteLength, 0)
    })
  },
  {
    claim: "a question that nobody listens for fails with NoResponders long before its time is up",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      const error = yield* Effect.flip(bus.request("nobody", text("x"), longMs))
      yield* same("the failure", [error._tag, error.message], ["NoResponders", "nobody listens on nobody"])
    })
  },
  {
    claim: "a question left without an answer fails with RequestTimeout when its time is up",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      const ear = yield* listen(bus, "silent")
      const asking = yield* Effect.forkChild(outcome(bus.request("silent", text("x"), 100)))
      yield* ear.next
      yield* same("settled before its time", asking.pollUnsafe() === undefined, true)
      yield* fixture.pass(150)
      yield* same("the failure", yield* Fiber.join(asking), "RequestTimeout")
    })
  },
  {
    claim: "late and second answers are ignored, and later questions get their own",
    check: Effect.fnUntraced(function* (fixture) {
      const [asker, other] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(other, "slow")
      const first = yield* Effect.forkChild(outcome(asker.request("slow", text("1"), 50)))
      const late = yield* ear.next
      yield* fixture.pass(100)
      yield* same("the first", yield* Fiber.join(first), "RequestTimeout")
      const second = yield* Effect.forkChild(asker.request("slow", text("2"), longMs))
      const question = yield* ear.next
      other.publish(late.replyTo!, text("late"))
      for (const content of ["in time", "once more"]) other.publish(question.replyTo!, text(content))
      yield* same("the second", textOf(yield* Fiber.join(second)), "in time")
      yield* answer(other, "quick", (content) => text(content))
      yield* same("the third", textOf(yield* asker.request("quick", text("3"), longMs)), "3")
    })
  },
  {
    claim: "many questions at once get their own answers, in whatever order these come",
    check: Effect.fnUntraced(function* (fixture) {
      const [asker, other] = [yield* fixture.connect, yield* fixture.connect]
      const ear = yield* listen(other, "many")
      const numbers = Array.from({ length: 256 }, (_, index) => String(index))
      const asking = yield* Effect.forkChild(
        Effect.forEach(numbers, (number) => asker.request("many", text(number), longMs), {
          concurrency: "unbounded"
        })
      )
      const questions = yield* Effect.forEach(numbers, () => ear.next)
      for (const { payload, replyTo } of questions.reverse()) {
        other.publish(replyTo!, text(`answer ${textOf(payload)}`))
      }
      const answers = (yield* Fiber.join(asking)).map(textOf)
      yield* same(
        "the answers",
        answers,
        numbers.map((number) => `answer ${number}`)
      )
    })
  },
  {
    claim: "a question that was given up does not disturb the others",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      const ear = yield* listen(bus, "given.up")
      const asking = yield* Effect.forkChild(bus.request("given.up", text("x"), longMs))
      const { replyTo } = yield* ear.next
      yield* Fiber.interrupt(asking)
      bus.publish(replyTo!, text("too late"))
      yield* answer(bus, "next", (content) => text(content))
      yield* same("the next", textOf(yield* bus.request("next", text("y"), longMs)), "y")
    })
  },
  {
    claim: "a question in flight fails with BusUnavailable as soon as its bus closes",
    check: Effect.fnUntraced(function* (fixture) {
      const { bus, close } = yield* closable(fixture)
      const other = yield* fixture.connect
      const ear = yield* listen(other, "silent")
      const asking = yield* Effect.forkChild(outcome(bus.request("silent", text("x"), longMs)))
      yield* ear.next
      yield* close
      yield* same("the failure", yield* Fiber.join(asking), "BusUnavailable")
    })
  },
  {
    claim: "a question that cannot be sent says why",
    check: Effect.fnUntraced(function* (fixture) {
      const bus = yield* fixture.connect
      const big = new Uint8Array(bus.maxPayloadBytes + 1)
      const tooLarge = yield* Effect.flip(bus.request("any", big, longMs))
      const sizes =
        tooLarge._tag === "PayloadTooLarge" ? [tooLarge.sizeBytes, tooLarge.limitBytes] : tooLarge._tag
      yield* same("too large", sizes, [bus.maxPayloadBytes + 1, bus.maxPayloadBytes])
      for (const subject of ["", "a..b", "a.*", "a b"]) {
        yield* same(
          `asking "${subject}"`,
          yield* outcome(bus.request(subject, text("x"), longMs)),
          "BadSubject"
        )
      }
    })
  }
]
