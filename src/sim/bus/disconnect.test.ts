/**
 * A node cut off and back, and a bus that restarts: what is lost, who hears of it when, and what comes back
 * by itself.
 */
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import type { BusStatus } from "../../runtime/bus/port.ts"
import { hear, onBus, text } from "./bus.test-support.ts"
import { calm } from "./settings.ts"

describe("a node that is cut off", () => {
  it("says disconnected at once, loses what it publishes, and gets nothing", () => {
    const { value } = onBus({}, ({ bus, join }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const [atA, atB] = [yield* hear(a, "to.a"), yield* hear(b, "to.b")]
        const statuses: Array<BusStatus> = []
        yield* a.onStatus((status) => statuses.push(status))
        const restore = bus.cutOff("a")
        const published = a.publish("to.b", text("lost"))
        b.publish("to.a", text("lost too"))
        const asked = yield* Effect.flip(b.request("to.a", text("?"), 1000))
        const failures = [
          (yield* Effect.flip(Effect.scoped(a.subscribe("new", { onMessage: () => {} }))))._tag,
          (yield* Effect.flip(a.flush))._tag,
          (yield* Effect.flip(a.request("to.b", text("?"), 1000)))._tag
        ]
        restore()
        const early = a.status()
        yield* Effect.sleep(200)
        b.publish("to.a", text("back"))
        a.publish("to.b", text("back"))
        yield* Effect.sleep(1)
        return { published, asked: asked._tag, failures, early, statuses, atA, atB }
      })
    )
    expect(value).toEqual({
      published: "disconnected",
      asked: "NoResponders",
      failures: ["BusUnavailable", "BusUnavailable", "BusUnavailable"],
      early: "Disconnected",
      statuses: ["Disconnected", "Connected"],
      atA: ["back"],
      atB: ["back"]
    })
  })

  it("fails its questions in flight as soon as it notices", () => {
    const { value } = onBus({}, ({ bus, join, kernel: { time } }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        yield* b.subscribe("silent", { onMessage: () => {} })
        const asking = yield* Effect.forkChild(Effect.flip(a.request("silent", text("?"), 60_000)))
        yield* Effect.sleep(10)
        const cutMicros = time.nowMicros
        bus.cutOff("a", { clientMicros: 30_000, serverMicros: 0 })
        return [(yield* Fiber.join(asking))._tag, time.nowMicros - cutMicros]
      })
    )
    expect(value).toEqual(["BusUnavailable", 30_000])
  })

  const unnoticed = (lateFlush: boolean) =>
    onBus({ reconnecting: { ...calm.reconnecting, lateFlush } }, ({ bus, join }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const [atA, atB] = [yield* hear(a, "to.a"), yield* hear(b, "to.b")]
        a.publish("to.b", text("on its way"))
        const restore = bus.cutOff("a", { clientMicros: 50_000, serverMicros: 80_000 })
        const published = a.publish("to.b", text("unnoticed"))
        const silence = yield* Effect.flip(b.request("to.a", text("into the void"), 10))
        restore()
        yield* Effect.sleep(60)
        const noticed = a.publish("to.b", text("noticed"))
        yield* Effect.sleep(500)
        b.publish("to.a", text("once"))
        yield* Effect.sleep(1)
        return { published, silence: silence._tag, noticed, atA, atB }
      })
    )

  it("believes to have sent until it notices; the server sends into the void until it does", () => {
    const { value, kernel } = unnoticed(false)
    expect(value).toEqual({
      published: "sent",
      silence: "RequestTimeout",
      noticed: "disconnected",
      atA: ["once"],
      atB: []
    })
    expect(kernel.trace.struck("published-unnoticed")).toBe(1)
  })

  it("sends late what its library held back, where that is set", () => {
    const { value, kernel } = unnoticed(true)
    expect(value.atB).toEqual(["unnoticed"])
    expect(kernel.trace.struck("late-flush")).toBe(1)
  })

  it("is back only when everything that cut it off has ended", () => {
    const { value } = onBus({}, ({ bus, join }) =>
      Effect.gen(function* () {
        const a = yield* join("a")
        const [first, second] = [bus.cutOff("a"), bus.cutOff("a")]
        first()
        first()
        yield* Effect.sleep(1000)
        const between = a.status()
        second()
        yield* Effect.sleep(1000)
        return [between, a.status()]
      })
    )
    expect(value).toEqual(["Disconnected", "Connected"])
  })

  it("waits with its first connection until the bus can be reached", () => {
    const { value } = onBus({}, ({ bus, join, kernel: { time } }) =>
      Effect.gen(function* () {
        const start = bus.stop()
        const joining = yield* Effect.forkChild(join("a"), { startImmediately: true })
        yield* Effect.sleep(300)
        const early = joining.pollUnsafe() === undefined
        start()
        const a = yield* Fiber.join(joining)
        return [early, a.status(), time.nowMicros]
      })
    )
    expect(value).toEqual([true, "Connected", 400_200])
  })
})

describe("a bus that restarts", () => {
  it("loses what is on the way, disconnects all, and takes all back with their subscriptions", () => {
    const { value } = onBus({}, ({ bus, join }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const heard = yield* hear(b, "n")
        a.publish("n", text("on its way"))
        const start = bus.stop()
        const during = [a.status(), b.status(), a.publish("n", text("down"))]
        yield* Effect.sleep(500)
        start()
        yield* Effect.sleep(500)
        a.publish("n", text("up"))
        yield* Effect.sleep(1)
        return [during, heard, a.status(), b.status()]
      })
    )
    expect(value).toEqual([
      ["Disconnected", "Disconnected", "disconnected"],
      ["up"],
      "Connected",
      "Connected"
    ])
  })
})

describe("disconnects and restarts as faults", () => {
  it("strike again and again, and heal ends everything", () => {
    const { value, kernel } = onBus({ loss: { rate: 0.1 } }, ({ bus, join }) =>
      Effect.gen(function* () {
        const [a, b] = [yield* join("a"), yield* join("b")]
        const heard = yield* hear(b, "n")
        const often = { everyMs: 1000, durationMs: { min: 100, max: 900 } }
        const chaos = yield* Effect.forkChild(
          Effect.all(
            [
              bus.disconnectFault({ ...often, noticeMicros: { min: 0, max: 200_000 } }),
              bus.restartFault(often)
            ],
            {
              concurrency: "unbounded"
            }
          )
        )
        for (let round = 0; round < 300; round++) {
          a.publish("n", text("x"))
          yield* Effect.sleep(100)
        }
        yield* Fiber.interrupt(chaos)
        bus.part(["a"])
        bus.cutOff("b")
        bus.stop()
        bus.heal()
        yield* Effect.sleep(1000)
        heard.length = 0
        for (let round = 0; round < 50; round++) a.publish("n", text("healed"))
        yield* Effect.sleep(1000)
        return heard.length
      })
    )
    expect(value).toBe(50)
    expect(kernel.trace.struck("disconnect")).toBeGreaterThan(5)
    expect(kernel.trace.struck("bus-restart")).toBeGreaterThan(5)
  })
})
