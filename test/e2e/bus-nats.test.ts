/** The bus over a real NATS server fulfils the claims about every bus. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { busClaims } from "../../src/runtime/bus/conformance.ts"
import { type Fixture, listen } from "../../src/runtime/bus/conformance-kit.ts"
import { natsBus } from "../../src/runtime/bus/nats.ts"
import { type NatsServer, natsServer } from "../support/nats-server.ts"

class Server extends Context.Service<Server, NatsServer>()("test/Server") {}

const fixture = Effect.map(
  Server,
  (server): Fixture => ({
    connect: natsBus({ servers: [server.url], name: "conformance", onProblem: () => {} }),
    pass: (timeMs) => Effect.sleep(timeMs)
  })
)

describe("the bus over NATS, as every bus", () => {
  layer(Layer.effect(Server, natsServer()), { excludeTestServices: true })((it) => {
    for (const { claim, check } of busClaims) {
      it.effect(claim, () => Effect.flatMap(fixture, check))
    }

    it.effect("payloads are Buffers, whether or not they came in one read", () =>
      Effect.gen(function* () {
        const bus = yield* (yield* fixture).connect
        const ear = yield* listen(bus, "sizes")
        for (const size of [0, 1, 64, 100_000, 900_000]) {
          bus.publish("sizes", new Uint8Array(size))
          const { payload } = yield* ear.next
          assert.isTrue(Buffer.isBuffer(payload))
          assert.strictEqual(payload.byteLength, size)
        }
      })
    )
  })
})

describe("the limit of a server", () => {
  it.live("is read from the server", () =>
    Effect.gen(function* () {
      const server = yield* natsServer("max_payload: 1000")
      const bus = yield* natsBus({ servers: [server.url], name: "small" })
      assert.strictEqual(bus.maxPayloadBytes, 1000)
      assert.strictEqual(bus.publish("a", new Uint8Array(1001)), "too-large")
    })
  )
})
