/** What a node does about the acceptors of its groups while the master is away. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { NodeId, StorageId } from "../../protocol/ids.ts"
import { serving } from "../../protocol/membership/membership.test-support.ts"
import { Members, type MembersOptions, watchMembers } from "./members.ts"

it.effect("one question of a group to the master is on its way at a time, however long that takes", () =>
  Effect.gen(function* () {
    const self = { node: NodeId("A"), storage: StorageId("1") }
    const world = { asking: 0, most: 0, asked: 0, tookMs: 60_000 }
    const ask = Effect.gen(function* () {
      world.asked++
      world.most = Math.max(world.most, ++world.asking)
      yield* Effect.sleep(world.tookMs)
      world.asking--
      return undefined
    })
    let nowMs = 0
    const members = new Members({
      context: { self, monotonicMs: () => nowMs, master: { ask: () => ask, paceMs: () => 0 } },
      group: { name: "main", acceptors: ["A"], spares: [], learners: [], minAcceptors: 1 },
      leader: () => serving([self]),
      toLeader: () => {},
      detector: { misses: () => false }
    } as unknown as MembersOptions)
    yield* Effect.forkScoped(watchMembers([{ members }]))
    const pass = Effect.fnUntraced(function* (seconds: number) {
      for (let steps = 0; steps < seconds * 10; steps++) {
        nowMs += 100
        yield* TestClock.adjust(100)
      }
    })
    yield* pass(50)
    assert.strictEqual(world.most, 1)
    world.tookMs = 200
    yield* pass(20)
    assert.strictEqual(world.most, 1)
    assert.isAbove(world.asked, 10)
  })
)
