/**
 * The simulated bus fulfils the claims about every bus, draws nothing while calm, and follows NATS where it
 * is cut.
 */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { busClaims } from "../../runtime/bus/conformance.ts"
import { Kernel } from "../kernel/kernel.ts"
import type { SchedulingMode } from "../kernel/scheduler-options.ts"
import { count, hear, numbers, onBus, text, textOf } from "./bus.test-support.ts"
import { SimBus } from "./bus.ts"

const modes: ReadonlyArray<SchedulingMode> = ["inline", "hop", "preempt"]

describe("the simulated bus, as every bus", () => {
  for (const { claim, check } of busClaims) {
    it(claim, () => {
      for (const [seed, mode] of modes.entries()) {
        const kernel = new Kernel({ seed, scheduler: { mode } })
        const bus = new SimBus(kernel, { onHandlerFailure: () => {} })
        let members = 0
        const connect = Effect.suspend(() => bus.connect(kernel.addNode(`member-${++members}`).boot()))
        const outcome = kernel.run(Effect.scoped(check({ connect, pass: (timeMs) => Effect.sleep(timeMs) })))
        expect(outcome._tag).toBe("Completed")
        if (outcome._tag === "Completed") expect(outcome.exit).toEqual(Exit.void)
      }
    })
  }
})

describe("a calm bus", () => {
  it("delivers everything in order after its fixed latency, strikes nothing and draws nothing", () => {
    const { value, kernel } = onBus({}, ({ join, kernel: { time } }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const heard = yield* hear(b, "n")
        yield* count(a, "n", 50)
        const sentMicros = time.nowMicros
        let arrivedMicros = 0
        yield* b.subscribe("last", { onMessage: () => (arrivedMicros = time.nowMicros) })
        const beforeMicros = time.nowMicros
        a.publish("last", text("x"))
        yield* Effect.sleep(10)
        return { heard, travelled: arrivedMicros - beforeMicros, subscribing: beforeMicros - sentMicros }
      })
    )
    expect(value).toEqual({ heard: numbers(50), travelled: 100, subscribing: 200 })
    expect([...kernel.trace.strikes]).toEqual([])
    expect(kernel.random.count).toBe(0)
  })

  it("lets the sender use its buffer again at once", () => {
    const { value } = onBus({}, ({ join }) =>
      Effect.gen(function* () {
        const a = yield* join("a")
        const heard = yield* hear(a, "n")
        const buffer = text("one")
        a.publish("n", buffer)
        buffer.set(text("two"))
        a.publish("n", buffer)
        yield* Effect.sleep(1)
        return heard
      })
    )
    expect(value).toEqual(["one", "two"])
  })

  it("halts the run when a handler throws, which none may", () => {
    const kernel = new Kernel({ seed: 1 })
    const bus = new SimBus(kernel)
    const program = Effect.gen(function* () {
      const a = yield* bus.connect(kernel.addNode("a").boot())
      yield* a.subscribe("n", {
        onMessage: () => {
          throw new Error("thrown by a handler")
        }
      })
      a.publish("n", text("x"))
      yield* Effect.sleep(1)
    })
    const outcome = kernel.run(Effect.scoped(program))
    expect(outcome._tag === "Halted" && String(outcome.reason)).toContain("thrown by a handler")
  })
})

describe("a node on the bus", () => {
  it("that is killed is gone from it at once: no responders, and nothing is delivered to it any more", () => {
    const { value } = onBus({}, ({ join, life }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const heard = yield* hear(b, "n")
        a.publish("n", text("on its way"))
        life("b").node.kill()
        const failure = yield* Effect.flip(a.request("n", text("question"), 1000))
        return [heard, failure._tag, b.publish("n", text("from the dead"))]
      })
    )
    expect(value).toEqual([[], "NoResponders", "closed"])
  })

  it("that is frozen receives all that waited, in order, when it thaws", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { value } = onBus(
        { latency: { kind: "uniform", minMicros: 50, maxMicros: 5000 } },
        ({ join, life }) =>
          Effect.gen(function* () {
            const [a, b] = [yield* join("a"), yield* join("b")]
            const heard = yield* hear(b, "n")
            life("b").node.freeze()
            yield* count(a, "n", 20)
            expect(heard).toEqual([])
            life("b").node.thaw()
            yield* Effect.sleep(20)
            return heard
          }),
        seed
      )
      expect(value).toEqual(numbers(20))
    }
  })

  it("comes back in another life, with a connection of its own", () => {
    const { value } = onBus({}, ({ bus, join, life }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const before = yield* hear(b, "n")
        const node = life("b").node
        node.kill()
        const again = yield* bus.connect(node.boot())
        const after = yield* hear(again, "n")
        a.publish("n", text("x"))
        yield* Effect.sleep(1)
        return [before, after]
      })
    )
    expect(value).toEqual([[], ["x"]])
  })
})

describe("the order of a link", () => {
  it("is kept under every latency distribution while no fault strikes", () => {
    const latencies = [
      { kind: "uniform", minMicros: 50, maxMicros: 50_000 },
      { kind: "exponential", minMicros: 50, meanMicros: 20_000 },
      { kind: "bimodal", minMicros: 50, maxMicros: 500, slowShare: 0.1, slowFactor: 100 }
    ] as const
    for (const latency of latencies) {
      const { value, kernel } = onBus({ latency }, ({ join }) =>
        Effect.gen(function* () {
          const [a, b] = [yield* join("a"), yield* join("b")]
          const heard: Array<string> = []
          yield* b.subscribe("n.*", { onMessage: (payload) => heard.push(textOf(payload)) })
          yield* Effect.forEach(numbers(200), (number) =>
            Effect.sync(() => a.publish(`n.${number}`, text(number)))
          )
          yield* Effect.sleep("10 seconds")
          return heard
        })
      )
      expect(value).toEqual(numbers(200))
      expect(kernel.random.count).toBeGreaterThan(199)
    }
  })
})
