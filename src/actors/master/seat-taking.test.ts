/** A master that takes its seat counts on what keepers say, and on no page that leads nowhere. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber } from "effect"
import { GroupId, NodeId, type Replica, StorageId } from "../../protocol/ids.ts"
import { keptNothing } from "../../protocol/master/cas-paxos.ts"
import { firstSeats, isSeated, takeSeat } from "../../protocol/master/seats.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import type { Body } from "../../wire/packet.ts"
import type { SeatGiven } from "../../wire/register-codec.ts"
import type { NodeContext } from "../node/context.ts"
import { passing } from "../node/passing.test-support.ts"
import { KeeperRole } from "./keeper.ts"
import { KeeperStore } from "./keeper-store.ts"
import { seatTaking } from "./seat-taking.ts"

const replica = (node: string, storage: string): Replica => ({
  node: NodeId(node),
  storage: StorageId(storage)
})
const self = replica("n1", "new")
const others = [replica("n2", "s"), replica("n3", "s")]
/** Those of before: this node comes with another disk. */
const before = firstSeats([replica("n1", "old"), ...others])
const noGroup = GroupId("")

/** A master that has begun to take its seat, and knows who keeps the others. */
const taking = Effect.fnUntraced(function* () {
  const clock = Context.get(yield* Effect.context<never>(), Clock.Clock)
  const claims: Array<string> = []
  const toNode = (node: NodeId, _group: GroupId, body: Body) => {
    if (body._tag === "SeatClaim") claims.push(`${node} behind "${body.after}"`)
  }
  const context = { self, monotonicMs: () => readMonotonicMs(clock), toNode } as unknown as NodeContext
  const wal = { append: () => {}, sync: (done: (failure: undefined) => void) => done(undefined) }
  const store = new KeeperStore()
  store.attach(wal as unknown as Wal)
  const ignored = { onFailure: () => {}, wake: () => {}, onSeatLost: () => {} }
  const keeper = new KeeperRole({ self, store, ...ignored })
  const masters = [self, ...others].map(({ node }) => node)
  const { run, take } = seatTaking({ context, masters, store, keeper, files: [], promised: () => [] })
  const running = yield* Effect.forkChild(run)
  yield* passing(Effect.sleep(50))
  const told = { seats: before, floor: 0, files: [], promised: [] }
  for (const from of others) take({ from, group: noGroup, body: { _tag: "SeatTold", told } })
  yield* passing(Effect.sleep(50))
  const page = { _tag: "SeatGiven", seats: takeSeat(before, self), after: noGroup } as const
  const give = (from: Replica, rest: Pick<SeatGiven, "registers" | "isLast"> & Partial<SeatGiven>) =>
    take({ from, group: noGroup, body: { ...page, ...rest } })
  return { running, keeper, store, claims, give }
})

describe("a master with a new disk", () => {
  it.effect("goes on where a keeper gives a page without registers that is not the last one", () =>
    Effect.gen(function* () {
      const { running, keeper, store, claims, give } = yield* taking()
      for (const from of others) give(from, { registers: [], isLast: false })
      assert.isFalse(keeper.isOpen)
      const registers = [{ group: GroupId("main"), kept: keptNothing }]
      for (const from of others) give(from, { registers, isLast: true })
      yield* passing(Fiber.join(running))
      assert.isTrue(keeper.isOpen && isSeated(store.seats, self))
      assert.deepStrictEqual([...store.registers.keys()], ["main"])
      assert.isTrue(claims.every((claim) => claim.endsWith('behind ""')))
    })
  )

  it.effect("waits for each page as long as for the first one: keepers may be far away", () =>
    Effect.gen(function* () {
      const { running, keeper, store, claims, give } = yield* taking()
      let after = noGroup
      for (const name of ["a", "b", "c", "d"]) {
        yield* passing(Effect.sleep(1500))
        const registers = [{ group: GroupId(name), kept: keptNothing }]
        for (const from of others) give(from, { after, registers, isLast: name === "d" })
        after = GroupId(name)
      }
      yield* passing(Fiber.join(running))
      assert.isTrue(keeper.isOpen)
      assert.deepStrictEqual([...store.registers.keys()], ["a", "b", "c", "d"])
      assert.isTrue(claims.includes('n2 behind "c"'))
    })
  )
})
