/** Every law passes a cluster that keeps it and names what breaks it. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "../configuration.ts"
import { Ballot, NodeId, Slot, StorageId } from "../ids.ts"
import { agreement } from "./agreement.ts"
import type { ClusterView, LogSeen, NodeView } from "./cluster-view.ts"
import { laws, watchAll } from "./laws.ts"
import { logMatching } from "./log-matching.ts"
import { oneActive } from "./one-active.ts"
import { promises } from "./promises.ts"
import { sameState } from "./same-state.ts"
import { survival } from "./survival.ts"

const replica = (name: string, storage = "1") => ({ node: NodeId(name), storage: StorageId(storage) })

/** A log written as ballot and value by slot. */
const log = (...entries: ReadonlyArray<readonly [ballot: number, value: string]>): LogSeen => ({
  last: Slot(entries.length),
  ballotAt: (slot) => (slot === 0 ? Ballot(0) : (entries[slot - 1]?.[0] as Ballot | undefined)),
  valueAt: (slot) => entries[slot - 1]?.[1]
})

const configuration = (ballot: number, generation = 0, names = "AB"): Configuration => ({
  ballot: Ballot(ballot),
  generation,
  leader: replica("A"),
  acceptors: [...names].map((name) => replica(name))
})

const x = log([2, "x"])

const node = (name: string, change: Partial<NodeView> = {}): NodeView => ({
  replica: replica(name),
  promised: Ballot(2),
  durablePromised: Ballot(2),
  log: x,
  synced: x,
  changedFrom: Slot(1),
  chosen: Slot(0),
  applied: Slot(0),
  stateHash: undefined,
  leader: undefined,
  ...change
})

const leads = (ballot: number, chosen: number, phase = "Serving") => ({
  leader: { phase, configuration: configuration(ballot), chosen: Slot(chosen) }
})

const view = (nodes: ReadonlyArray<NodeView>, ...activated: ReadonlyArray<Configuration>): ClusterView => ({
  nodes,
  activated: activated.length > 0 ? activated : [configuration(2)]
})

const chosen = { chosen: Slot(1) }

describe("all laws", () => {
  it("pass a cluster that keeps them, look after look", () => {
    const check = watchAll()
    const nodes = [node("A", { ...leads(2, 1), applied: Slot(1), stateHash: 7 }), node("B", chosen)]
    expect(check(view(nodes))).toBeUndefined()
    expect(check(view(nodes, configuration(2), configuration(2, 1, "A")))).toBeUndefined()
    expect(new Set(laws.map((law) => law.name)).size).toBe(laws.length)
  })
})

describe("the law", () => {
  it("agreement: two values at one slot, at one time or over time", () => {
    const other = { ...chosen, log: log([2, "y"]) }
    expect(agreement.watch()(view([node("A", chosen), node("B", other)]))).toContain("slot 1 is chosen as x")
    const check = agreement.watch()
    expect(check(view([node("A", leads(2, 1))]))).toBeUndefined()
    expect(check(view([node("A", other)]))).toContain("knows y as chosen")
  })

  it("survival: an acceptor of the active configuration without a chosen value on its disk", () => {
    const unsynced = node("B", { synced: log() })
    expect(survival.watch()(view([node("A", leads(2, 1)), unsynced]))).toContain("B, an active acceptor")
    expect(
      survival.watch()(view([node("A", leads(2, 1)), unsynced], configuration(2, 0, "A")))
    ).toBeUndefined()
    const check = survival.watch()
    expect(check(view([node("A", leads(2, 1)), node("B")]))).toBeUndefined()
    expect(check(view([node("A"), node("B", { synced: log([3, "y"]) })]))).toContain("slot 1 is chosen as x")
  })

  it("one active configuration: ballots out of order, a generation skipped, a leader not activated", () => {
    const activating = (...activated: ReadonlyArray<Configuration>) =>
      oneActive.watch()(view([], ...activated))
    expect(activating(configuration(2), configuration(3), configuration(3, 1))).toBeUndefined()
    expect(activating(configuration(3), configuration(2))).toContain("was activated after 3")
    expect(activating(configuration(2), configuration(2))).toContain("was activated after 2")
    expect(activating(configuration(2), configuration(2, 2))).toContain("generation 2")
    expect(oneActive.watch()(view([node("A", leads(3, 0))]))).toContain("A serves ballot 3")
    expect(oneActive.watch()(view([node("B", leads(2, 0))]))).toContain("B serves ballot 2")
    expect(oneActive.watch()(view([node("A", leads(3, 0, "Carrying"))]))).toBeUndefined()
  })

  it("promises: one that falls, one that is ahead in the wrong place, a vote above it", () => {
    const check = promises.watch()
    expect(check(view([node("A")]))).toBeUndefined()
    const less = { promised: Ballot(1), durablePromised: Ballot(1), log: log() }
    expect(check(view([node("A", less)]))).toContain("promised ballot 2, and now 1")
    expect(check(view([node("A", { ...less, replica: replica("A", "2") })]))).toBeUndefined()
    expect(promises.watch()(view([node("A", { promised: Ballot(1) })]))).toBeDefined()
    expect(promises.watch()(view([node("A", { log: log([3, "x"]) })]))).toContain("voted in ballot 3")
  })

  it("log matching: one slot and ballot with two values, ballots that fall, a hole", () => {
    const other = node("B", { log: log([2, "y"]) })
    expect(logMatching.watch()(view([node("A"), other]))).toContain("proposed both x and y for slot 1")
    expect(logMatching.watch()(view([node("A", { log: log([2, "x"], [1, "y"]) })]))).toContain("ballots fall")
    const hole = { ...x, last: Slot(2) }
    expect(logMatching.watch()(view([node("A", { log: hole })]))).toContain("holds nothing at slot 2")
  })

  it("log matching: looks again from where a log has changed", () => {
    const check = logMatching.watch()
    const long = log([2, "x"], [2, "y"])
    expect(check(view([node("A", { log: long }), node("B", { log: long })]))).toBeUndefined()
    const changed = node("B", { log: log([2, "x"], [2, "z"]), changedFrom: Slot(2) })
    expect(check(view([node("A", { log: long, changedFrom: Slot(3) }), changed]))).toContain("both y and z")
  })

  it("same state: two states after one slot, and more applied than there is", () => {
    const applying = (stateHash: number, applied = 1) => ({ applied: Slot(applied), stateHash })
    expect(sameState.watch()(view([node("A", applying(1)), node("B", applying(2))]))).toContain(
      "B applied through slot 1"
    )
    expect(sameState.watch()(view([node("A", applying(1, 2))]))).toContain("which its log does not hold")
    const check = sameState.watch()
    expect(check(view([node("A", applying(1))]))).toBeUndefined()
    expect(check(view([node("B", applying(1))]))).toBeUndefined()
    expect(check(view([node("B", applying(3))]))).toBeDefined()
  })
})
