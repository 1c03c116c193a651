/** A client follows whoever leads now, and is not sent back by those that led before. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, ClientId, GroupId, NodeId } from "../protocol/ids.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { Link } from "./link.ts"

const [n1, n2, n3] = ["n1", "n2", "n3"].map((name) => NodeId(name)) as [NodeId, NodeId, NodeId]
const notLeader = (leader?: NodeId) => ({ _tag: "NotLeader", leader }) as const

/** A link on an empty bus, at a time that the test sets; `looks` counts how often it has asked around. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const context = yield* Effect.context<never>()
  const now = { ms: 0, looks: 0 }
  const link = new Link({
    bus: yield* exchange.connect,
    subjects: subjectsOf("c"),
    codec: packetCodec("c"),
    client: ClientId("c1"),
    group: GroupId("main"),
    nowMs: () => now.ms,
    random: () => 1,
    run: (effect) => {
      now.looks++
      Effect.runForkWith(context)(effect)
    },
    onFound: () => {}
  })
  return { link, now }
})

describe("a link", () => {
  it.effect("goes at once to a leader that announces itself, and not back to an older one", () =>
    Effect.gen(function* () {
      const { link, now } = yield* world
      link.lost()
      assert.isFalse(link.open())
      assert.isTrue(link.announced(n2, Ballot(3)))
      assert.isTrue(link.open())
      assert.isFalse(link.announced(n1, Ballot(2)))
      assert.isFalse(link.announced(n2, Ballot(3)))
      assert.strictEqual(link.leader, n2)
      assert.strictEqual(now.looks, 0)
    })
  )

  it.effect("does not act on what is said by whom it sends nothing to any more", () =>
    Effect.gen(function* () {
      const { link } = yield* world
      link.announced(n2, Ballot(3))
      link.refused(n1, notLeader(n3))
      link.refused(n1, { _tag: "Overloaded", retryAfterMs: 1000 })
      assert.strictEqual(link.leader, n2)
      assert.isTrue(link.open())
      // The refusal of a second message that was sent before the first was refused.
      link.refused(n2, notLeader())
      link.refused(n2, notLeader(n2))
      assert.isUndefined(link.leader)
    })
  )

  it.effect("follows one hint, then asks around: those left behind may point at each other", () =>
    Effect.gen(function* () {
      const { link } = yield* world
      link.announced(n1, Ballot(2))
      link.refused(n1, notLeader(n2))
      assert.strictEqual(link.leader, n2)
      link.refused(n2, notLeader(n1))
      assert.isUndefined(link.leader)
    })
  )

  it.effect("asks around with pauses that double, up to a limit, while nobody answers", () =>
    Effect.gen(function* () {
      const { link, now } = yield* world
      const looksAtMs: Array<number> = []
      link.lost()
      for (; now.ms < 4000; now.ms += 10) {
        const { looks } = now
        link.open()
        if (now.looks > looks) looksAtMs.push(now.ms)
        yield* TestClock.adjust(10)
      }
      const pauses = looksAtMs.map((atMs, index) => atMs - (looksAtMs[index - 1] ?? 0))
      assert.deepStrictEqual(pauses, [100, 200, 400, 800, 800, 800, 800])
    })
  )
})
