/** Whatever of a node throws ends it, be it an actor or not: it never goes on with half of its parts. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { replicated } from "../../client/replicated.ts"
import { kvMachine } from "../../machines/kv.ts"
import { GroupId } from "../../protocol/ids.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { nodeConfig, runNode } from "../node.ts"
import { endingNode, type RoleCrashed } from "./end-node.ts"
import { passing } from "./passing.test-support.ts"

const groups = [{ name: "main", machine: "kv", acceptors: ["n1"], learners: ["n2"] }]

describe("what runs beside the actors of a node", () => {
  it.effect("ends it where it throws, and not where it is stopped", () =>
    Effect.gen(function* () {
      const heard: Array<RoleCrashed> = []
      const hear = (failure: RoleCrashed) => void heard.push(failure)
      const stopped = yield* Effect.forkChild(endingNode(hear, "n1/watch", Effect.never))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(stopped)
      assert.deepStrictEqual(heard, [])
      yield* Effect.exit(endingNode(hear, "n1/watch", Effect.die(new Error("out of order"))))
      assert.deepStrictEqual(
        heard.map(({ message }) => message),
        ["n1/watch crashed: out of order; the node stops, its log is sound"]
      )
    })
  )

  it.effect("such as the learning of a replica whose log cannot hold what its leader proposes", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      const start = Effect.fnUntraced(function* (node: string, segmentBytes: number) {
        const settings = { cluster: "c", node, nodes: ["n1", "n2"], data: "d", groups, segmentBytes }
        const config = yield* nodeConfig(settings)
        const bus = yield* exchange.connect
        const running = runNode({ config, machines: [kvMachine as never], pid: 1 })
        return yield* running.pipe(Effect.provideService(Bus, bus), Effect.provide(new MemoryDisk().layer()))
      })
      const starting = Effect.all([start("n1", 1 << 20), start("n2", 8192)], { concurrency: 2 })
      const [, learner] = yield* passing(starting)
      const client = yield* Effect.provideService(
        replicated({ cluster: "c", group: GroupId("main"), machine: kvMachine }),
        Bus,
        yield* exchange.connect
      )
      const put = client.submit({ _tag: "Put", key: "k", value: "x".repeat(20_000) })
      yield* passing(put)
      const failure = yield* passing(Effect.flip(learner.failure))
      assert.strictEqual(failure._tag, "RoleCrashed")
      assert.match(failure.message, /^n2\/main\/outsider crashed: a log record has 8161 bytes at most/)
    })
  )
})
