/**
 * Each fault that strikes single messages does so when it is on and never when it is off, and does what it
 * says.
 */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { CountedRandom } from "../kernel/random.ts"
import { count, hear, numbers, onBus, text } from "./bus.test-support.ts"
import { drawLatency } from "./latency.ts"
import { type BusFaults, calm } from "./settings.ts"
import { cloudDistances, drawDistance, type Place } from "./topology.ts"

const families: ReadonlyArray<readonly [name: string, faults: Partial<BusFaults>]> = [
  ["loss", { loss: { rate: 0.2 } }],
  ["duplication", { duplication: { rate: 0.2, copiesMax: 3 } }],
  ["reordering", { reordering: { rate: 0.2, delayMicros: { min: 0, max: 50_000 } } }],
  ["clog", { clog: { rate: 0.1, durationMicros: { min: 20_000, max: 80_000 } } }],
  [
    "slow-consumer",
    {
      latency: { kind: "fixed", micros: 100_000 },
      slowConsumer: { ...calm.slowConsumer, pendingMaxCount: 5 }
    }
  ]
]

/** A hundred numbers, one each 10 ms, and what the receiver heard of them. */
const exercise = (faults: Partial<BusFaults>) =>
  onBus(faults, ({ join }) =>
    Effect.gen(function* () {
      const [a, b] = [yield* join("a"), yield* join("b")]
      const heard = yield* hear(b, "n")
      yield* count(a, "n", 100)
      yield* Effect.sleep("1 second")
      return heard
    })
  )

describe("the faults of messages", () => {
  for (const [name, faults] of families) {
    it(`${name} strikes when it is on, and no other does`, () => {
      const { kernel } = exercise(faults)
      expect(kernel.trace.struck(name)).toBeGreaterThan(3)
      expect([...kernel.trace.strikes.keys()]).toEqual([name])
    })
  }

  it("a lost message is lost, and each one is counted", () => {
    const { value, kernel } = exercise({ loss: { rate: 0.2 } })
    expect(value.length).toBe(100 - kernel.trace.struck("loss"))
    expect(value).toEqual(numbers(100).filter((number) => value.includes(number)))
  })

  it("a duplicated message arrives again, and nothing else changes", () => {
    const { value } = exercise({ duplication: { rate: 0.2, copiesMax: 3 } })
    expect(value.length).toBeGreaterThan(110)
    expect([...new Set(value)]).toEqual(numbers(100))
  })

  it("reordering changes the order and nothing else", () => {
    const { value } = exercise({ reordering: { rate: 0.2, delayMicros: { min: 0, max: 50_000 } } })
    expect(value).not.toEqual(numbers(100))
    expect(value.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(100))
  })

  it("a clogged link delivers late, complete and in order", () => {
    const { value } = exercise({ clog: { rate: 0.1, durationMicros: { min: 20_000, max: 80_000 } } })
    expect(value).toEqual(numbers(100))
  })

  it("a slow consumer loses what is over the limit, or its connection, and then comes back by itself", () => {
    const frozen = (reaction: "drop" | "disconnect") =>
      onBus({ slowConsumer: { ...calm.slowConsumer, pendingMaxCount: 5, reaction } }, ({ join, life }) =>
        Effect.gen(function* () {
          const [a, b] = [yield* join("a"), yield* join("b")]
          const heard = yield* hear(b, "n")
          const statuses: Array<string> = []
          yield* b.onStatus((status) => statuses.push(status))
          life("b").node.freeze()
          yield* count(a, "n", 10)
          life("b").node.thaw()
          yield* Effect.sleep(500)
          a.publish("n", text("again"))
          yield* Effect.sleep(10)
          return { heard, statuses }
        })
      ).value
    expect(frozen("drop")).toEqual({ heard: [...numbers(5), "again"], statuses: [] })
    expect(frozen("disconnect")).toEqual({ heard: ["again"], statuses: ["Disconnected", "Connected"] })
  })

  it("a payload over the limit is refused, one of exactly the limit passes", () => {
    const { value } = onBus({}, ({ join, bus }) =>
      Effect.gen(function* () {
        const a = yield* join("a")
        const limit = bus.network.maxPayloadBytes
        return [a.publish("n", new Uint8Array(limit + 1)), a.publish("n", new Uint8Array(limit))]
      })
    )
    expect(value).toEqual(["too-large", "sent"])
  })
})

describe("latency", () => {
  const sample = (latency: BusFaults["latency"]) => {
    const random = new CountedRandom(1)
    return Array.from({ length: 20_000 }, () => drawLatency(random, latency)).sort((a, b) => a - b)
  }
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length

  it("is uniform within its bounds", () => {
    const values = sample({ kind: "uniform", minMicros: 100, maxMicros: 300 })
    expect([values[0], values.at(-1)]).toEqual([100, 300])
    expect(Math.abs(mean(values) - 200)).toBeLessThan(3)
  })

  it("is exponential above its minimum, with the mean asked for", () => {
    const values = sample({ kind: "exponential", minMicros: 100, meanMicros: 1000 })
    expect(values[0]).toBeGreaterThanOrEqual(100)
    expect(Math.abs(mean(values) - 1100)).toBeLessThan(40)
    expect(values.at(-1)).toBeGreaterThan(6000)
  })

  it("has a slow tail of the share asked for when it is bimodal", () => {
    const values = sample({
      kind: "bimodal",
      minMicros: 100,
      maxMicros: 200,
      slowShare: 0.01,
      slowFactor: 50
    })
    const slow = values.filter((value) => value > 200)
    expect(Math.abs(slow.length - 200)).toBeLessThan(60)
    expect(slow[0]).toBeGreaterThanOrEqual(5000)
  })

  it("grows with distance: machine, zone, region, across", () => {
    const random = new CountedRandom(1)
    const here: Place = { machine: "m1", zone: "z1", region: "r1" }
    const there: ReadonlyArray<Place> = [
      here,
      { ...here, machine: "m2" },
      { ...here, machine: "m2", zone: "z2" },
      { machine: "m2", zone: "z2", region: "r2" }
    ]
    const distances = there.map((place) => drawDistance(random, cloudDistances, here, place))
    expect(distances.toSorted((a, b) => a - b)).toEqual(distances)
    expect(distances[3]).toBeGreaterThanOrEqual(20_000)
    expect(drawDistance(random, undefined, here, there[3]!)).toBe(0)
  })
})
