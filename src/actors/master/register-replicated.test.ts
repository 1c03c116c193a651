/**
 * The register that several masters keep, where these are far from each other, and where messages get lost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect } from "effect"
import { Ballot, GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import { emptyMaster } from "../../protocol/master/master.ts"
import { firstSeats } from "../../protocol/master/seats.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import type { Wal } from "../../runtime/storage/wal.ts"
import type { Body } from "../../wire/packet.ts"
import type { NodeContext } from "../node/context.ts"
import { passing } from "../node/passing.test-support.ts"
import { KeeperRole } from "./keeper.ts"
import { KeeperStore } from "./keeper-store.ts"
import type { Register } from "./register.ts"
import { type ReplicatedRegister, replicatedRegister } from "./register-replicated.ts"

const group = GroupId("main")
const replicas = ["n1", "n2", "n3"].map((name) => ({ node: NodeId(name), storage: StorageId(`of-${name}`) }))

/** Three masters so far from each other; `isLost` tells of each message whether it does not arrive. */
const mastersOf = Effect.fnUntraced(function* (
  oneWayMs: number,
  isLost: (to: NodeId, body: Body) => boolean = () => false
) {
  const context = yield* Effect.context<never>()
  const clock = Context.get(context, Clock.Clock)
  const fork = Effect.runForkWith(context)
  const all = new Map<NodeId, ReplicatedRegister>()
  for (const self of replicas) {
    const toNode = (node: NodeId, _group: GroupId, body: Body) => {
      if (isLost(node, body)) return
      fork(
        Effect.delay(
          Effect.sync(() => all.get(node)!.take({ from: self, group, body })),
          oneWayMs
        )
      )
    }
    const node = { self, toNode, monotonicMs: () => readMonotonicMs(clock) } as unknown as NodeContext
    const wal = { append: () => {}, sync: (done: (failure: undefined) => void) => done(undefined) }
    const store = new KeeperStore()
    store.attach(wal as unknown as Wal)
    store.seat(firstSeats(replicas))
    const wake = () => void fork(Effect.sync(() => keeper.settle()))
    const keeper = new KeeperRole({
      self,
      store,
      wake,
      onFailure: () => assert.fail(),
      onSeatLost: () => assert.fail()
    })
    keeper.isOpen = true
    all.set(self.node, yield* replicatedRegister(node, store, keeper))
  }
  return replicas.map(({ node }) => all.get(node)!.register)
})

/** Raises the next ballot by one, however often somebody else was first. */
const raise = (register: Register): Effect.Effect<number, never> =>
  Effect.gen(function* () {
    const { version, state } = yield* register.read(group)
    const nextBallot = Ballot(state.nextBallot + 1)
    const isWritten = yield* register.compareAndSet(group, version, { ...state, nextBallot })
    return isWritten ? nextBallot : yield* raise(register)
  }).pipe(Effect.orDie)

describe("the register of several masters", () => {
  for (const oneWayMs of [1, 40, 80, 150, 300]) {
    it.effect(`is read and written by masters ${oneWayMs} ms from each other`, () =>
      Effect.gen(function* () {
        const [first, second] = yield* mastersOf(oneWayMs)
        const state = { ...emptyMaster(), nextBallot: Ballot(7) }
        assert.isTrue(yield* passing(first!.compareAndSet(group, 0, state)))
        assert.deepStrictEqual(yield* passing(second!.read(group)), { version: 1, state })
      })
    )
  }

  it.effect("is changed by each of three at once, far from each other, within seconds", () =>
    Effect.gen(function* () {
      const all = yield* mastersOf(150)
      yield* passing(Effect.forEach(all, (register) => register.read(group), { concurrency: "unbounded" }))
      const raised = yield* passing(Effect.forEach(all, raise, { concurrency: "unbounded" }))
      assert.deepStrictEqual([...raised].sort(), [2, 3, 4])
    })
  )

  it.effect("asks the same question again where it got lost, and counts answers that come late", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const [first] = yield* mastersOf(150, (to, body) => {
        if (body._tag !== "KeeperAsked") return false
        const isFirst = !asked.includes(body.ask.ticket.number)
        if (to === "n2") asked.push(body.ask.ticket.number)
        return isFirst
      })
      assert.isTrue(yield* passing(first!.compareAndSet(group, 0, emptyMaster())))
      assert.strictEqual(new Set(asked).size, 1)
    })
  )
})
