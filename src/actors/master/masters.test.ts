/** Masters listen to each other, and to nobody who only says that it is one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { kvMachine } from "../../machines/kv.ts"
import { GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { packetCodec } from "../../wire/packet.ts"
import { subjectsOf } from "../../wire/subjects.ts"
import { passing } from "../node/passing.test-support.ts"
import { nodeConfig, runNode } from "../node.ts"

describe("a master", () => {
  it.effect("remembers how much masters have written, and nothing of who is none", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      const nodes = ["n1", "n2", "n3"]
      const settings = { cluster: "c", node: "n1", nodes, masters: nodes, data: "d", segmentBytes: 1 << 20 }
      const config = yield* nodeConfig(settings)
      const scope = yield* Scope.make()
      const running = runNode({ config, machines: [kvMachine as never], pid: 1 }).pipe(
        Effect.provideService(Bus, yield* exchange.connect),
        Effect.provide(new MemoryDisk().layer()),
        Scope.provide(scope)
      )
      const node = yield* passing(running)
      const bus = yield* exchange.connect
      const answer = { _tag: "Written", ticket: { number: 1, proposer: "p" } } as const
      for (const name of ["n2", "made up", "n4"]) {
        const from = { node: NodeId(name), storage: StorageId("s") }
        const body = { _tag: "KeeperSaid", writes: 5, answer } as const
        bus.publish(subjectsOf("c").node(NodeId("n1")), packetCodec("c").encode(from, GroupId("main"), body))
      }
      yield* passing(Effect.sleep(10))
      const { master, counters } = node.status()
      yield* passing(Scope.close(scope, Exit.void))
      assert.deepStrictEqual(master?.floors, [{ node: "n2", storage: "s", writes: 5 }])
      assert.strictEqual(counters["not of a master"], 2)
    })
  )
})
