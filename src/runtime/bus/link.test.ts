/** A bus over a wire that goes down and comes back, with a scripted wire in the place of a server. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { listen, outcome, text } from "./conformance-kit.ts"
import { busOverWire, type Receiver, type Wire, type WireEvent } from "./link.ts"
import { type BusProblem, Observer } from "./observe.ts"

/** A wire that does what the test says, and notes what it was told. */
const scriptedWire = () => {
  const pings: Array<(answered: boolean) => void> = []
  const receivers = new Map<string, Receiver>()
  const script = {
    published: [] as Array<string>,
    answersPings: true,
    throwsAtPublish: false,
    limitBytes: 100,
    closed: false,
    receivers,
    heed: (_event: WireEvent): void => assert.fail("nobody listens to the wire yet"),
    answerPings: (answered: boolean) => {
      for (const done of pings.splice(0)) done(answered)
    }
  }
  const wire: Wire = {
    maxPayloadBytes: () => script.limitBytes,
    publish: (subject) => {
      if (script.throwsAtPublish) throw new Error("closed connection")
      script.published.push(subject)
    },
    subscribe: (subject, receiver) => {
      receivers.set(subject, receiver)
      return () => receivers.delete(subject)
    },
    ping: (done) => {
      if (script.answersPings) done(true)
      else pings.push(done)
    },
    close: (done) => {
      script.closed = true
      done()
    }
  }
  return { wire, script }
}

const makeLink = Effect.suspend(() => linkOver(scriptedWire()))

const linkOver = Effect.fnUntraced(function* ({ wire, script }: ReturnType<typeof scriptedWire>) {
  const problems: Array<BusProblem> = []
  const observer = new Observer((problem) => problems.push(problem))
  const bus = yield* busOverWire(
    wire,
    (heed) => {
      script.heed = heed
    },
    observer,
    { newInbox: () => "inbox.mine", closeTimeoutMs: 1000 }
  )
  return { bus, script, problems }
})

describe("a link", () => {
  it.effect("is made although the wire goes down while the inbox is subscribed to", () =>
    Effect.gen(function* () {
      const scripted = scriptedWire()
      const { script } = scripted
      script.answersPings = false
      const making = yield* Effect.forkChild(linkOver(scripted), { startImmediately: true })
      assert.isTrue(script.receivers.has("inbox.mine.*"))
      script.heed({ type: "down" })
      yield* TestClock.adjust(1000)
      assert.isFalse(script.receivers.has("inbox.mine.*"))
      script.answersPings = true
      script.heed({ type: "up" })
      yield* TestClock.adjust(1000)
      const { bus } = yield* Fiber.join(making)
      const answer = yield* Effect.forkChild(bus.request("a", text("x"), 1000), { startImmediately: true })
      script.receivers.get("inbox.mine.*")!.onMessage(text("y"), "inbox.mine.1", undefined)
      assert.deepStrictEqual(yield* Fiber.join(answer), text("y"))
    })
  )

  it.effect("fails where the wire is closed while the inbox is subscribed to", () =>
    Effect.gen(function* () {
      const scripted = scriptedWire()
      scripted.script.answersPings = false
      const making = yield* Effect.forkChild(Effect.flip(linkOver(scripted)), { startImmediately: true })
      scripted.script.heed({ type: "closed" })
      assert.strictEqual((yield* Fiber.join(making))._tag, "BusUnavailable")
      scripted.script.answersPings = true
    })
  )

  it.effect("loses and counts what is published while the wire is down", () =>
    Effect.gen(function* () {
      const { bus, script } = yield* makeLink
      assert.strictEqual(bus.publish("a", text("1")), "sent")
      script.heed({ type: "down" })
      assert.strictEqual(bus.publish("b", text("2")), "disconnected")
      script.heed({ type: "up" })
      assert.strictEqual(bus.publish("c", text("3")), "sent")
      script.throwsAtPublish = true
      assert.strictEqual(bus.publish("d", text("4")), "disconnected")
      assert.deepStrictEqual(script.published, ["a", "c"])
      assert.deepInclude(bus.counts(), { published: 2, dropped: 2 })
    })
  )

  it.effect("is connected again only when the server has answered, hence has the subscriptions back", () =>
    Effect.gen(function* () {
      const { bus, script } = yield* makeLink
      const seen: Array<string> = []
      yield* bus.onStatus((status) => seen.push(status))
      script.answersPings = false
      script.heed({ type: "down" })
      script.heed({ type: "up" })
      assert.strictEqual(bus.status(), "Disconnected")
      // Lost again before the answer: the old question must not make the bus look connected.
      script.answerPings(false)
      script.heed({ type: "down" })
      assert.strictEqual(bus.status(), "Disconnected")
      script.heed({ type: "up" })
      script.answerPings(true)
      assert.strictEqual(bus.status(), "Connected")
      assert.deepStrictEqual(seen, ["Disconnected", "Connected"])
      script.answersPings = true
    })
  )

  it.effect("takes the limit of the server that it came back to", () =>
    Effect.gen(function* () {
      const { bus, script } = yield* makeLink
      assert.strictEqual(bus.publish("a", new Uint8Array(100)), "sent")
      script.limitBytes = 50
      script.heed({ type: "down" })
      script.heed({ type: "up" })
      assert.strictEqual(bus.maxPayloadBytes, 50)
      assert.strictEqual(bus.publish("a", new Uint8Array(51)), "too-large")
    })
  )

  it.effect("fails at a disconnect whatever waits for the server", () =>
    Effect.gen(function* () {
      const { bus, script } = yield* makeLink
      script.answersPings = false
      const waiting = yield* Effect.forEach(
        [bus.flush, bus.request("a", text("x"), 60_000), listen(bus, "b")],
        (effect) => Effect.forkChild(outcome(effect), { startImmediately: true })
      )
      assert.isTrue(script.receivers.has("b"))
      script.heed({ type: "down" })
      for (const fiber of waiting) assert.strictEqual(yield* Fiber.join(fiber), "BusUnavailable")
      assert.isFalse(script.receivers.has("b"), "a failed subscription is taken back")
    })
  )

  it.effect("fails the questions to a subject that turns out to be forbidden, and no others", () =>
    Effect.gen(function* () {
      const { bus, script, problems } = yield* makeLink
      const [forbidden, other] = [
        yield* Effect.forkChild(outcome(bus.request("no", text("x"), 60_000)), { startImmediately: true }),
        yield* Effect.forkChild(outcome(bus.request("yes", text("x"), 60_000)), { startImmediately: true })
      ]
      script.heed({ type: "publishDenied", subject: "no" })
      assert.strictEqual(yield* Fiber.join(forbidden), "BadSubject")
      assert.isUndefined(other.pollUnsafe())
      assert.deepStrictEqual(
        problems.map(({ _tag }) => _tag),
        ["PermissionDenied"]
      )
      yield* TestClock.adjust(60_000)
      assert.strictEqual(yield* Fiber.join(other), "RequestTimeout")
    })
  )

  it.effect("refuses a subscription that the server denies, and reports one that it withdraws", () =>
    Effect.gen(function* () {
      const { bus, script, problems } = yield* makeLink
      script.answersPings = false
      const denied = yield* Effect.forkChild(outcome(Effect.scoped(listen(bus, "a"))), {
        startImmediately: true
      })
      script.receivers.get("a")!.onDenied()
      script.answerPings(true)
      assert.strictEqual(yield* Fiber.join(denied), "BadSubject")
      assert.strictEqual(problems.length, 0)
      script.answersPings = true
      yield* listen(bus, "b")
      script.receivers.get("b")!.onDenied()
      assert.deepStrictEqual(
        problems.map(({ message }) => message),
        ["the server does not let this user subscribe to b; grant it in the server's configuration"]
      )
    })
  )

  it.effect("asks the server now and then how far it is, and knows its backlog", () =>
    Effect.gen(function* () {
      const { bus, script } = yield* makeLink
      script.limitBytes = 1_000_000
      script.heed({ type: "up" })
      script.answersPings = false
      for (let count = 0; count < 10; count++) bus.publish("bulk", new Uint8Array(100_000))
      assert.isAtLeast(bus.backlogBytes(), 1_000_000)
      script.answerPings(true)
      const left = bus.backlogBytes()
      assert.isTrue(left > 600_000 && left < 1_000_000, `${left} bytes are left`)
      script.answersPings = true
      script.answerPings(true)
      assert.strictEqual(bus.backlogBytes(), 0)
      script.answersPings = false
      bus.publish("bulk", new Uint8Array(1000))
      assert.isAbove(bus.backlogBytes(), 1000)
      script.heed({ type: "down" })
      assert.strictEqual(bus.backlogBytes(), 0)
      // The question that was on its way when the wire went down is never answered.
      script.answersPings = true
      script.heed({ type: "up" })
      bus.publish("bulk", new Uint8Array(1000))
      assert.strictEqual(bus.backlogBytes(), 0)
    })
  )

  it.effect("closes the wire even if the server never answers", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { bus, script } = yield* Scope.provide(makeLink, scope)
      script.answersPings = false
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(999)
      assert.deepStrictEqual([bus.status(), script.closed], ["Closed", false])
      yield* TestClock.adjust(1)
      yield* Fiber.join(closing)
      assert.isTrue(script.closed)
      script.answersPings = true
      script.heed({ type: "up" })
      assert.strictEqual(bus.publish("a", text("x")), "closed")
    })
  )
})
