/**
 * Clocks of nodes: they may be off, drift and jump, timers follow the monotonic one, and a frozen node is
 * late.
 */
import { Clock, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Alarm } from "../../runtime/alarm.ts"
import { Kernel } from "./kernel.ts"

const readings = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  return {
    wallMs: clock.currentTimeMillisUnsafe(),
    monotonicMs: Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  }
})

const completed = <A, E>(kernel: Kernel, program: Effect.Effect<A, E>) => {
  const outcome = kernel.run(program)
  if (outcome._tag !== "Completed" || outcome.exit._tag !== "Success")
    throw new Error(JSON.stringify(outcome))
  return outcome.exit.value
}

describe("virtual time", () => {
  it("passes an hour at once and to the millisecond", () => {
    const kernel = new Kernel({ seed: 1 })
    completed(kernel, Effect.sleep("59 minutes"))
    expect(kernel.stats().virtualMs).toBe(59 * 60_000)
  })

  it("draws the order of timers of one instant, or keeps it when ties are FIFO", () => {
    const order = (seed: number, ties: "drawn" | "fifo") => {
      const seen: Array<number> = []
      const one = (index: number) =>
        Effect.sleep(5).pipe(Effect.tap(() => Effect.sync(() => seen.push(index))))
      completed(
        new Kernel({ seed, ties, scheduler: { choice: ties === "fifo" ? "fifo" : "uniform" } }),
        Effect.all([0, 1, 2, 3].map(one), { concurrency: "unbounded" })
      )
      return seen.join("")
    }
    const seeds = Array.from({ length: 60 }, (_, seed) => seed)
    expect(new Set(seeds.map((seed) => order(seed, "drawn"))).size).toBeGreaterThan(10)
    expect(new Set(seeds.map((seed) => order(seed, "fifo")))).toEqual(new Set(["0123"]))
  })

  it("forgets cancelled timers, however many", () => {
    const kernel = new Kernel({ seed: 1 })
    const program = Effect.gen(function* () {
      for (let round = 0; round < 5000; round++)
        yield* Effect.sleep(1).pipe(Effect.timeoutOption("50 minutes"))
      return kernel.time.pending
    })
    expect(completed(kernel, program)).toBeLessThan(10)
  })
})

describe("the clock of a node", () => {
  it("is off by its offset and fast by its rate, while true time is as it is", () => {
    const kernel = new Kernel({ seed: 1 })
    const life = kernel.addNode("a", { wallOffsetMs: -5000, ratePpm: 1000, monotonicStartMs: 77 }).boot()
    let seen = { wallMs: 0, monotonicMs: 0 }
    life.start(
      Effect.sleep(2_000).pipe(
        Effect.andThen(readings),
        Effect.tap((value) => Effect.sync(() => (seen = value)))
      )
    )
    const world = completed(kernel, Effect.sleep(1_999).pipe(Effect.andThen(readings)))
    // 2,000 ms on the fast clock are 1,998.002 ms of true time.
    expect(seen.monotonicMs).toBeGreaterThanOrEqual(2_077)
    expect(seen.monotonicMs).toBeLessThan(2_077.01)
    expect(world.wallMs - seen.wallMs).toBe(4_999)
  })

  it("can be set back and forth without moving the monotonic clock or a timer", () => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("a")
    const life = node.boot()
    let wokeAtMs = 0
    life.start(
      Effect.sleep(100).pipe(Effect.tap(() => Effect.sync(() => (wokeAtMs = kernel.time.nowMicros / 1000))))
    )
    const program = Effect.gen(function* () {
      yield* Effect.sleep(10)
      const before = yield* readings.pipe(Effect.provideService(Clock.Clock, life.clock))
      node.jumpClock(-60_000)
      const back = yield* readings.pipe(Effect.provideService(Clock.Clock, life.clock))
      node.jumpClock(3_600_000)
      const forth = yield* readings.pipe(Effect.provideService(Clock.Clock, life.clock))
      yield* Effect.sleep(200)
      return [back.wallMs - before.wallMs, forth.wallMs - back.wallMs, forth.monotonicMs - before.monotonicMs]
    })
    expect(completed(kernel, program)).toEqual([-60_000, 3_600_000, 0])
    expect(wokeAtMs).toBe(100)
    expect(kernel.trace.struck("clock-jump")).toBe(2)
  })

  it("never lets a timer fire early by its own clock, though its rate changes meanwhile", () => {
    for (const ratePpm of [-500_000, 500_000]) {
      const kernel = new Kernel({ seed: 1 })
      const node = kernel.addNode("a")
      const life = node.boot()
      let elapsedMs = 0
      let trueMs = 0
      life.start(
        Effect.gen(function* () {
          const start = (yield* readings).monotonicMs
          yield* Effect.sleep(1000)
          elapsedMs = (yield* readings).monotonicMs - start
          trueMs = kernel.time.nowMicros / 1000
        })
      )
      completed(
        kernel,
        Effect.sleep(500).pipe(
          Effect.tap(() => Effect.sync(() => node.setClockRate(ratePpm))),
          Effect.andThen(Effect.sleep(5000))
        )
      )
      expect(elapsedMs).toBeGreaterThanOrEqual(1000)
      expect(trueMs).toBe(ratePpm < 0 ? 1500 : 1000)
    }
  })

  it("keeps the monotonic clock from going back at any rate, and refuses to run backwards", () => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("a")
    let last = node.time.monotonicMicros()
    const program = Effect.gen(function* () {
      for (let round = 0; round < 500; round++) {
        yield* Effect.sleep(round % 7)
        node.time.setRate(kernel.random.range(-900_000, 900_000))
        const now = node.time.monotonicMicros()
        expect(now).toBeGreaterThanOrEqual(last)
        last = now
      }
    })
    completed(kernel, program)
    expect(() => node.time.setRate(-1e6)).toThrow(RangeError)
  })
})

describe("a frozen node", () => {
  it("runs nothing until the thaw while its clock goes on, and then its timers fire late", () => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("a")
    const ticks: Array<number> = []
    node.boot().start(
      Effect.forever(
        Effect.sleep(10).pipe(
          Effect.andThen(readings),
          Effect.tap((now) => Effect.sync(() => ticks.push(now.monotonicMs)))
        )
      )
    )
    const program = Effect.gen(function* () {
      yield* Effect.sleep(35)
      node.freeze()
      yield* Effect.sleep(500)
      const whileFrozen = ticks.length
      node.thaw()
      yield* Effect.sleep(1)
      return whileFrozen
    })
    expect(completed(kernel, program)).toBe(3)
    expect(ticks).toEqual([10, 20, 30, 535])
    expect(kernel.trace.struck("freeze")).toBe(1)
  })

  it("stops in the middle of its own code at the next operation, when that code freezes or kills it", () => {
    for (const how of ["freeze", "kill"] as const) {
      const kernel = new Kernel({ seed: 1 })
      const node = kernel.addNode("a")
      const seen: Array<string> = []
      node.boot().start(
        Effect.gen(function* () {
          yield* Effect.sync(() => seen.push("before"))
          yield* Effect.sync(() => node[how]())
          yield* Effect.sync(() => seen.push("after"))
        })
      )
      const program = Effect.gen(function* () {
        yield* Effect.sleep(10)
        expect(seen).toEqual(["before"])
        node.thaw()
        yield* Effect.sleep(10)
      })
      completed(kernel, program)
      expect(seen).toEqual(how === "freeze" ? ["before", "after"] : ["before"])
    }
  })

  it("is gone without a finalizer when killed, and comes back as another life with the same clock", () => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("a", { ratePpm: 100 })
    const seen: Array<string> = []
    const life = (name: string) => Effect.sleep(10).pipe(Effect.ensuring(Effect.sync(() => seen.push(name))))
    node.boot().start(life("first"))
    const program = Effect.gen(function* () {
      yield* Effect.sleep(5)
      node.kill()
      yield* Effect.sleep(100)
      const second = node.boot()
      second.start(life("second"))
      yield* Effect.sleep(20)
      return second.number
    })
    expect(completed(kernel, program)).toBe(2)
    expect(seen).toEqual(["second"])
  })
})

describe("an alarm", () => {
  const rung = (ratePpm: number, slowedTo: number | undefined) => {
    const kernel = new Kernel({ seed: 1 })
    const node = kernel.addNode("a", { ratePpm })
    const seen: Array<string> = []
    const program = Effect.gen(function* () {
      const alarm = (yield* Alarm)(yield* Effect.context<never>())
      alarm.after(100, () => seen.push(`100 at ${kernel.time.nowMicros}`))
      const withdraw = alarm.after(50, () => seen.push("withdrawn"))
      yield* Effect.sleep(40)
      withdraw()
    })
    completed(
      kernel,
      Effect.gen(function* () {
        node.boot().start(program)
        yield* Effect.sleep(60)
        if (slowedTo !== undefined) node.setClockRate(slowedTo)
        yield* Effect.sleep(1000)
      })
    )
    return seen
  }

  it("rings by the monotonic clock of its node, and not once it is withdrawn", () => {
    expect(rung(0, undefined)).toEqual(["100 at 100000"])
    expect(rung(1_000_000, undefined)).toEqual(["100 at 50000"])
  })

  it("rings late where the clock is slowed down meanwhile, never early", () => {
    expect(rung(0, -500_000)).toEqual(["100 at 140000"])
  })
})
