/** Who is outside takes what is chosen, in order, and nothing while it votes. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { Configuration } from "../../protocol/configuration.ts"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../../protocol/ids.ts"
import { startedEntry } from "../../protocol/log/entry.ts"
import { makeMemoryExchange } from "../../runtime/bus/memory.ts"
import { Bus, type BusShape } from "../../runtime/bus/port.ts"
import { MemoryDisk } from "../../runtime/storage/memory.ts"
import { Files } from "../../runtime/storage/port.ts"
import { spawnAcceptor } from "../acceptor.ts"
import type { Hands } from "../interpret.ts"
import type { GroupLog } from "../log/group-log.ts"
import { openGroupLogs } from "../log/node-storage.ts"
import { nodeConfig } from "../node/config.ts"
import { makeNodeContext } from "../node/context.ts"
import { askCatchUp, serveCatchUp } from "./catch-up.ts"
import { Outsider } from "./outsider.ts"

const main = GroupId("main")

/** Runs of one entry each: slots 1 to 3 of ballot 1, 4 to 6 of ballot 2. */
const fill = (log: GroupLog): void => {
  for (let slot = 1; slot <= 6; slot++) {
    const run = {
      ballot: Ballot(slot <= 3 ? 1 : 2),
      first: Slot(slot),
      count: 1,
      atMs: slot,
      bytes: startedEntry(60_000)
    }
    log.persist({ _tag: "Appended", run })
  }
  log.sync(() => {})
}

/** A node's context on the bus, and an empty log on a disk of its own. */
const place = Effect.fnUntraced(function* (bus: BusShape, node: string) {
  const files = Context.get(yield* Layer.build(new MemoryDisk().layer()), Files)
  const config = yield* nodeConfig({
    cluster: "c",
    node,
    nodes: ["n1", "n2"],
    data: "/data",
    segmentBytes: 65_536
  })
  const { logs } = yield* Effect.provideService(openGroupLogs(config), Files, files)
  const self = { node: NodeId(node), storage: StorageId(node) }
  const context = yield* Effect.provideService(makeNodeContext("c", self), Bus, bus)
  return { context, log: logs.get("main")! }
})

const idle: Omit<Hands, "setTimer" | "cancelTimer"> = {
  send: () => {},
  tellSuccessor: () => {},
  askMaster: () => {},
  refuseSubmit: () => {},
  unsettled: () => {},
  refuseQuery: () => {},
  apply: () => {},
  answer: () => {},
  tellClient: () => {},
  foretell: () => {},
  note: () => {}
}

/** n1 leads alone, in ballot 2; n2 learns. */
const twoPlaces = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const server = yield* place(yield* exchange.connect, "n1")
  const learner = yield* place(yield* exchange.connect, "n2")
  fill(server.log)
  const [leader, self] = [server.context.self, learner.context.self]
  const alone: Configuration = { ballot: Ballot(2), generation: 0, leader, acceptors: [leader] }
  const state = { chosen: Slot(4), active: alone, asked: 0 }
  const active = () => {
    state.asked++
    return state.active
  }
  yield* serveCatchUp(
    server.context,
    new Map([[main, { log: server.log, chosen: () => state.chosen, active, onAsked: () => {} }]])
  )
  const applied: Array<number> = []
  const acceptor = yield* spawnAcceptor({
    name: "n2/acceptor",
    self,
    log: learner.log,
    applied: Slot(0),
    hands: { ...idle, apply: ({ through }) => applied.push(through) },
    leaseDurationMs: 0,
    nowMs: learner.context.monotonicMs,
    onFailure: (failure) => assert.fail(failure.message)
  })
  const outside = new Outsider({
    context: learner.context,
    group: main,
    sources: ["nobody", "n1"],
    votesAtFirst: false,
    acceptor: acceptor.state,
    learn: acceptor.learn,
    last: () => learner.log.last,
    install: () => Effect.succeed(false)
  })
  yield* Effect.forkScoped(outside.run)
  return { server, learner, state, applied, acceptor, outside, alone, self }
})

/** In small steps, between which everybody gets a turn. */
const pass = Effect.repeat(TestClock.adjust("50 millis"), { times: 60 })

describe("an outsider", () => {
  it.effect("pulls what is chosen and nothing else, from the first node that answers", () =>
    Effect.gen(function* () {
      const { learner, state, applied } = yield* twoPlaces
      yield* pass
      assert.strictEqual(learner.log.last, Slot(4))
      assert.strictEqual(learner.log.chosen, Slot(4))
      assert.strictEqual(applied.at(-1), 4)
      assert.strictEqual(learner.log.ballotAt(Slot(4)), Ballot(2))
      assert.strictEqual(learner.log.promised, Ballot(2))
      state.chosen = Slot(9)
      yield* pass
      assert.deepStrictEqual([learner.log.last, applied.at(-1)], [Slot(6), 6])
    })
  )

  it.effect("leaves its log alone once it votes, and while it hears of its leader does not even ask", () =>
    Effect.gen(function* () {
      const { learner, state, acceptor, outside, alone, self } = yield* twoPlaces
      yield* pass
      const both = { ...alone, ballot: Ballot(3), acceptors: [...alone.acceptors, self] }
      const message = {
        _tag: "Accept",
        configuration: both,
        prevSlot: Slot(4),
        prevSlotBallot: Ballot(2),
        runs: [],
        chosen: Slot(0),
        round: 1,
        leaseMs: 0
      } as const
      acceptor.actor.offerUnsafe({ _tag: "FromLeader", from: alone.leader, message })
      Object.assign(state, { chosen: Slot(6), active: both })
      yield* pass
      assert.strictEqual(learner.log.last, Slot(4))
      const hear = Effect.andThen(
        Effect.sync(() => outside.heard({ configuration: both, chosen: Slot(4), prevSlot: Slot(4) })),
        TestClock.adjust("50 millis")
      )
      yield* Effect.repeat(hear, { times: 40 })
      const before = state.asked
      yield* Effect.repeat(hear, { times: 60 })
      assert.strictEqual(state.asked, before)
      assert.strictEqual(learner.log.last, Slot(4))
    })
  )

  it.effect("is answered by anybody who has the entries, one at least, however little it asks for", () =>
    Effect.gen(function* () {
      const { learner } = yield* twoPlaces
      const { bus, subjects, codec, self } = learner.context
      const asking = { self, bus, subjects, codec, group: main, timeoutMs: 100 }
      const ask = (from: number, maxBytes: number) => askCatchUp(asking, NodeId("n1"), Slot(from), maxBytes)
      const answer = yield* ask(2, 1)
      assert.deepStrictEqual(
        answer?.runs.map(({ first }) => first),
        [Slot(2)]
      )
      assert.strictEqual((yield* ask(5, 1000))?.runs.length, 0)
    })
  )
})
