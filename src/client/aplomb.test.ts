/** A connection is refused at once, and in words, where its options cannot work. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { Bus } from "../runtime/bus/port.ts"
import { Aplomb, connect } from "./aplomb.ts"

const sentence =
  'the bus cannot be set up: option cluster is "my cluster"; ' +
  "give 1 to 64 letters, digits, dashes or underscores"

describe("a connection that is to wait for a time that is none", () => {
  it("is refused, by the name of the option that was given", async () => {
    for (const connectTimeoutMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      const failure = await connect({ connectTimeoutMs }).catch((error: unknown) => error)
      assert.deepInclude(failure, { _tag: "BadBusOptions", option: "connectTimeoutMs" })
    }
  })
})

describe("a connection to a cluster whose name cannot be one", () => {
  it.effect("is refused before anything is dialled, and over any bus", () =>
    Effect.gen(function* () {
      const cluster = "my cluster"
      const dialled = yield* Effect.flip(Effect.scoped(Aplomb.make({ cluster, servers: [] })))
      const bus = yield* (yield* makeMemoryExchange()).connect
      const over = Aplomb.layerOverBus(cluster).pipe(Layer.provide(Layer.succeed(Bus, bus)))
      const mounted = yield* Effect.flip(Effect.scoped(Layer.build(over)))
      for (const error of [dialled, mounted])
        assert.deepStrictEqual([error._tag, error.message], ["BadBusOptions", sentence])
    })
  )

  it("rejects the promise of it", async () => {
    const failure = await connect({ cluster: "a.b" }).catch((error: unknown) => error)
    assert.deepInclude(failure, { _tag: "BadBusOptions", option: "cluster" })
  })
})
