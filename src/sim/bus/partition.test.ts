/**
 * Partitions: whom each kind parts from whom, one way or both, and that links carry again when all that cut
 * them is healed.
 */
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import { CountedRandom } from "../kernel/random.ts"
import { hear, onBus, text } from "./bus.test-support.ts"
import { drawPartition, type PartitionKind, Partitions } from "./partition.ts"

const nodes = [0, 1, 2, 3, 4, 5].map((index) => ({
  index,
  name: `n${index}`,
  place: { machine: `m${index}`, zone: `z${index % 3}`, region: `r${index % 2}` }
}))

const drawn = (kind: PartitionKind, seed: number) => drawPartition(new CountedRandom(seed), kind, nodes)

describe("a drawn partition", () => {
  it("cuts both ways between the parted and the rest, as many as its kind says", () => {
    const sizes: ReadonlyArray<readonly [PartitionKind, number]> = [
      ["isolate", 1],
      ["halves", 3],
      ["zone", 2],
      ["region", 3]
    ]
    for (const [kind, size] of sizes) {
      const { apart, links } = drawn(kind, 4)
      expect(apart.length, kind).toBe(size)
      expect(links.length, kind).toBe(2 * size * (6 - size))
      for (const [from, to] of links) expect(apart.includes(`n${from}`)).toBe(!apart.includes(`n${to}`))
    }
    const uneven = new Set(Array.from({ length: 50 }, (_, seed) => drawn("random", seed).apart.length))
    expect([...uneven].sort()).toEqual([1, 2, 3, 4, 5])
  })

  it("cuts one way only when it makes a node mute or deaf", () => {
    const mute = drawn("mute", 1)
    expect(mute.links.every(([from]) => `n${from}` === mute.apart[0])).toBe(true)
    const deaf = drawn("deaf", 1)
    expect(deaf.links.every(([, to]) => `n${to}` === deaf.apart[0])).toBe(true)
    expect([mute.links.length, deaf.links.length]).toEqual([5, 5])
  })

  it("parts different nodes under different seeds, and nobody where there is only one", () => {
    expect(new Set(Array.from({ length: 40 }, (_, seed) => drawn("isolate", seed).apart[0])).size).toBe(6)
    expect(drawPartition(new CountedRandom(1), "isolate", nodes.slice(0, 1)).links).toEqual([])
  })
})

describe("partitions", () => {
  it("add up: a link carries again when the last cut is healed; healing twice does no harm", () => {
    const partitions = new Partitions()
    const first = partitions.sever([[0, 1]])
    const second = partitions.sever([
      [0, 1],
      [1, 0]
    ])
    first()
    first()
    expect([partitions.blocks(0, 1), partitions.blocks(1, 0)]).toEqual([true, true])
    second()
    expect([partitions.blocks(0, 1), partitions.any]).toEqual([false, false])
    const stale = partitions.sever([[0, 1]])
    partitions.healAll()
    partitions.sever([[0, 1]])
    stale()
    expect(partitions.blocks(0, 1)).toBe(true)
  })

  it("stop what is sent, and what is on its way, until they are healed; one way where asked", () => {
    const { value, kernel } = onBus({ latency: { kind: "fixed", micros: 5000 } }, ({ bus, join }) =>
      Effect.gen(function* () {
        const [a, b, c] = [yield* join("a"), yield* join("b"), yield* join("c")]
        const [atA, atB, atC] = [yield* hear(a, "to.a"), yield* hear(b, "to.b"), yield* hear(c, "to.c")]
        a.publish("to.b", text("on its way"))
        const heal = bus.part(["b"])
        a.publish("to.b", text("parted"))
        a.publish("to.c", text("same side"))
        yield* Effect.sleep(10)
        heal()
        const restore = bus.severOneWay("a", "b")
        a.publish("to.b", text("one way"))
        b.publish("to.a", text("the other"))
        yield* Effect.sleep(10)
        restore()
        a.publish("to.b", text("healed"))
        yield* Effect.sleep(10)
        return [atA, atB, atC]
      })
    )
    expect(value).toEqual([["the other"], ["healed"], ["same side"]])
    expect(kernel.trace.struck("partition-drop")).toBe(3)
  })

  it("strike again and again, flap, and leave everything whole when interrupted", () => {
    for (const flappingRate of [0, 1]) {
      const { value, kernel } = onBus({}, ({ bus, join }) =>
        Effect.gen(function* () {
          const [a, b] = [yield* join("a"), yield* join("b")]
          const heard = yield* hear(b, "n")
          const chaos = yield* Effect.forkChild(
            bus.partitionFault({
              everyMs: 200,
              durationMs: { min: 100, max: 400 },
              kinds: [
                ["isolate", 1],
                ["deaf", 1]
              ],
              flappingRate,
              flapMs: 20
            })
          )
          for (let round = 0; round < 500; round++) {
            a.publish("n", text("x"))
            yield* Effect.sleep(10)
          }
          yield* Fiber.interrupt(chaos)
          return [heard.length, bus.network.partitions.any]
        })
      )
      expect(value[1]).toBe(false)
      expect(value[0]).toBeGreaterThan(50)
      expect(value[0]).toBeLessThan(480)
      const struck = kernel.trace.struck("partition-flapping")
      expect(flappingRate === 1 ? struck : kernel.trace.struck("partition-isolate")).toBeGreaterThan(2)
      expect(flappingRate === 1).toBe(struck > 0)
    }
  })

  it("never strike, and draw nothing, without a rate", () => {
    const { kernel } = onBus({}, ({ bus }) => {
      const never = { everyMs: 0, durationMs: { min: 1, max: 9 } }
      const faults = [
        bus.partitionFault({ ...never, kinds: [["isolate", 1]], flappingRate: 0, flapMs: 1 }),
        bus.disconnectFault({ ...never, noticeMicros: { min: 0, max: 9 } }),
        bus.restartFault(never)
      ]
      return Effect.raceFirst(Effect.all(faults, { concurrency: "unbounded" }), Effect.sleep("10 minutes"))
    })
    expect([...kernel.trace.strikes]).toEqual([])
  })
})
