/** Bugs that were in the cores once, each as the schedule that showed it. */
import { describe, expect, it } from "vitest"
import { acceptorStep } from "../../src/protocol/acceptor/acceptor.ts"
import { freshGrants } from "../../src/protocol/acceptor/lease.ts"
import type { Configuration } from "../../src/protocol/configuration.ts"
import { Ballot, NodeId, noSlot, Slot, StorageId } from "../../src/protocol/ids.ts"
import { defaultLeaderSettings, type LeaderSettings } from "../../src/protocol/leader/input.ts"
import { startedEntry } from "../../src/protocol/log/entry.ts"
import { joinBytes, type Run } from "../../src/protocol/log/run.ts"
import type { Accept, Prepared } from "../../src/protocol/messages.ts"
import { chunkFor, freshProgress } from "../../src/protocol/replication/progress.ts"
import { memoryLog, withRun } from "../../src/sim/search/memory-log.ts"
import { ClusterModel } from "../support/cluster-model.ts"
import { settle, submitTo, turn } from "../support/cluster-model-chaos.ts"

const replica = (name: string) => ({ node: NodeId(name), storage: StorageId(`${name}1`) })

const runOf = (ballot: number, first: number, count: number): Run => ({
  ballot: Ballot(ballot),
  first: Slot(first),
  count,
  atMs: 0,
  bytes: joinBytes(Array(count).fill(startedEntry(60_000)), count * startedEntry(60_000).length)
})

const configuration: Configuration = {
  ballot: Ballot(2),
  generation: 0,
  leader: replica("A"),
  acceptors: [replica("A"), replica("B")]
}

const serving = (settings: Partial<LeaderSettings> = {}): ClusterModel => {
  const model = new ClusterModel("ABC", { ...defaultLeaderSettings, ...settings })
  model.bootstrap("A", "AB")
  model.start("A", "AB")
  settle(model)
  return model
}

/** C, from outside, leads a ballot and has asked A and B for their logs. */
const preparing = (): ClusterModel => {
  const model = serving()
  model.start("C", "C")
  const { from, request } = model.requests.shift()!
  model.askMaster(from, request)
  const { to, reply } = model.replies.shift()!
  model.lead(to, { _tag: "FromMaster", reply })
  return model
}

describe("an acceptor", () => {
  it("acknowledges nothing beyond its log, whatever ballot the leader claims there", () => {
    const state = {
      self: replica("B"),
      promised: Ballot(2),
      chosen: noSlot,
      configuration,
      grants: freshGrants(0, 0, 0)
    }
    const beyond = {
      configuration,
      prevSlot: Slot(3),
      prevSlotBallot: undefined,
      runs: [],
      chosen: noSlot,
      round: 1
    }
    const message = { _tag: "Accept", ...beyond } as unknown as Accept
    const step = acceptorStep(state, memoryLog(Ballot(2), [], []), replica("A"), message, 0)
    expect(step.outputs).toMatchObject([
      { _tag: "Persist", release: [{ message: { _tag: "Gap", hintSlot: 0 } }] }
    ])
  })
})

describe("a leader", () => {
  it("sends nothing that its own acceptor has not taken in, though others acknowledged it", () => {
    const log = withRun(memoryLog(Ballot(2), [], []), runOf(2, 1, 3))
    const progress = freshProgress(configuration, Slot(6))
    const replication = { configuration, progress, round: 1, last: Slot(5), chosen: noSlot, leaseMs: 0 }
    expect(chunkFor(replication, log, Slot(6), 1000)).toMatchObject({
      prevSlot: 3,
      prevSlotBallot: 2,
      runs: []
    })
  })

  it("whose own disk is slow goes on proposing to its own acceptor", () => {
    const model = serving({ chunkMaxBytes: 12, windowMax: 8 })
    for (const submission of [1, 2, 3]) submitTo(model, "A", submission)
    for (let step = 0; step < 3; step++) model.receiveOwn("A")
    // The timer looks twice: at the first look something had moved.
    model.fire("A", "retransmit")
    model.fire("A", "retransmit")
    submitTo(model, "A", 4)
    for (let turns = 0; turns < 5; turns++) expect(turn(model)).toBe(true)
    expect(model.node("A").log.last).toBe(5)
    expect([model.node("A").applied, model.node("B").applied]).toEqual([5, 5])
  })

  it("does not take the answer to a copy from a source it gave up for the log of the next one", () => {
    const model = preparing()
    const prepared = (through: number, run: Run): Prepared => ({
      _tag: "Prepared",
      ballot: Ballot(3),
      lastSlot: Slot(through),
      prevSlot: noSlot,
      prevSlotBallot: Ballot(0),
      runs: [run],
      chosen: noSlot
    })
    model.receive("C", replica("A"), prepared(3, runOf(1, 1, 3)))
    model.receiveOwn("C")
    model.fire("C", "prepare-retry")
    model.fire("C", "prepare-retry")
    model.receive("C", replica("B"), prepared(3, runOf(2, 1, 1)))
    model.receiveOwn("C")
    expect(model.node("C").log.last).toBe(1)
    model.sync("C")
    model.receiveOwn("C")
    expect(model.node("C").leader).toMatchObject({ _tag: "Preparing", fromSlot: 1 })
    model.sync("C")
    model.receiveOwn("C")
    expect(model.node("C").leader).toMatchObject({ _tag: "Preparing", fromSlot: 2 })
  })

  it("that was retired from while it waited for activation counts by the generation that is active", () => {
    const model = new ClusterModel("ABC", defaultLeaderSettings)
    model.bootstrap("A", "ABC")
    model.start("A", "ABC")
    while (model.requests.every(({ request }) => request._tag !== "Complete")) {
      const { nodes, network, requests, replies } = model
      for (const name of nodes.keys()) {
        model.receiveOwn(name)
        model.sync(name)
      }
      for (const { to, from, message } of network.splice(0)) model.receive(to, from, message)
      for (const { from, request } of requests.splice(0, request0(requests))) model.askMaster(from, request)
      for (const { to, reply } of replies.splice(0)) model.lead(to, { _tag: "FromMaster", reply })
    }
    const { from, request } = model.requests.shift()!
    model.askMaster(from, request)
    model.replies = []
    const retire = { _tag: "Retire", requestId: "r", origin: { ballot: Ballot(2), generation: 0 } } as const
    model.askMaster(NodeId("B"), { ...retire, acceptor: replica("C") })
    model.replies = []
    model.fire("A", "master-retry")
    settle(model)
    expect(model.node("A").leader).toMatchObject({ _tag: "Serving", configuration: { generation: 1 } })
    expect(model.node("A").applied).toBe(1)
  })
})

/** How many of the first requests are no completions: those the master gets at once. */
const request0 = (requests: ClusterModel["requests"]): number =>
  requests[0] !== undefined && requests[0].request._tag !== "Complete" ? 1 : 0
