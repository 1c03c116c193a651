/** For whom a log is kept: who asks, lately, and is not too far behind. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, NodeId, Slot } from "../../protocol/ids.ts"
import { makeLaggards } from "./laggards.ts"

const n2 = NodeId("n2")
const n3 = NodeId("n3")
const entryBytes = 1 << 20
const last = 100

const open = makeLaggards(
  {
    base: { slot: Slot(10), ballot: Ballot(1), atMs: 0 },
    bytesBehind: (slot) => (last - slot) * entryBytes
  },
  () => 10 * entryBytes
)

it.effect("a log is kept for the last of those who ask, for a few seconds each", () =>
  Effect.gen(function* () {
    const laggards = yield* open
    assert.isUndefined(laggards.least())
    laggards.note(n2, Slot(70))
    laggards.note(n3, Slot(90))
    assert.strictEqual(laggards.least(), 70)
    yield* TestClock.adjust(4000)
    laggards.note(n3, Slot(95))
    assert.strictEqual(laggards.least(), 70)
    yield* TestClock.adjust(2000)
    assert.strictEqual(laggards.least(), 95)
    yield* TestClock.adjust(6000)
    assert.isUndefined(laggards.least())
  })
)

it.effect("a log is not kept for who lacks four times what a snapshot is worth, nor below its base", () =>
  Effect.gen(function* () {
    const laggards = yield* open
    laggards.note(n2, Slot(59))
    assert.isUndefined(laggards.least())
    laggards.note(n2, Slot(60))
    assert.strictEqual(laggards.least(), 60)
    laggards.note(n2, Slot(9))
    assert.isUndefined(laggards.least())
  })
)
