/** The master: each operation is atomic, and harmless when it is retried. */
import { describe, expect, it } from "vitest"
import { isAcceptorOf } from "../configuration.ts"
import { NodeId, type Replica, StorageId } from "../ids.ts"
import { ballotRequestId, completeRequestId, type MasterReply, type MasterRequest } from "../messages.ts"
import { broughtBack, emptyMaster, type MasterState, masterStep } from "./master.ts"

const replica = (name: string): Replica => ({ node: NodeId(name), storage: StorageId("1") })
const [a, b, c] = ["A", "B", "C"].map(replica) as [Replica, Replica, Replica]

/** A master that keeps its state. */
const master = (minAcceptors = 1) => {
  let state: MasterState = emptyMaster()
  const issuedTo = new Map<number, string>()
  const ask = (request: MasterRequest): MasterReply => {
    const step = masterStep(state, request)
    state = step.state
    return step.reply
  }
  return {
    state: () => state,
    ask,
    bootstrap: (...acceptors: ReadonlyArray<Replica>) =>
      ask({ _tag: "Bootstrap", requestId: "b", leader: a, acceptors, minAcceptors }),
    drain: (node: string, drained = true, drains = state.drains) =>
      ask({ _tag: "Drain", requestId: "d", node: NodeId(node), drained, drains }),
    newBallot: (token: string, leader: Replica, ...acceptors: ReadonlyArray<Replica>) => {
      const reply = ask({ _tag: "NewBallot", requestId: ballotRequestId(token), leader, acceptors })
      if (reply._tag === "Issued") issuedTo.set(reply.configuration.ballot, token)
      return reply
    },
    complete: (ballot: number, prev: number, generation = 0, token = issuedTo.get(ballot) ?? "none") =>
      ask({
        _tag: "Complete",
        requestId: completeRequestId(token),
        ballot: ballot as never,
        prev: { ballot: prev as never, generation }
      }),
    retire: (acceptor: Replica, ballot = 1, generation = 0) =>
      ask({ _tag: "Retire", requestId: "r", origin: { ballot: ballot as never, generation }, acceptor }),
    read: () => ask({ _tag: "ReadMaster", requestId: "m" })
  }
}

const active = (...acceptors: ReadonlyArray<Replica>) => {
  const one = master()
  one.bootstrap(...acceptors)
  return one
}

describe("bootstrap", () => {
  it("activates the first ballot, once", () => {
    const one = master()
    expect(one.newBallot("n", a, a)).toMatchObject({ _tag: "Refused" })
    expect(one.bootstrap(a, b)).toMatchObject({
      _tag: "Activated",
      configuration: { ballot: 1, generation: 0 }
    })
    expect(one.bootstrap(a)).toMatchObject({ _tag: "Superseded", active: { ballot: 1 } })
    expect(one.read()).toMatchObject({ active: { acceptors: [a, b] }, latest: 1 })
  })

  it("refuses a leader that is no acceptor, a node twice, and nobody", () => {
    const twice = { ...a, storage: StorageId("2") }
    for (const acceptors of [[b], [a, twice], []])
      expect(master().bootstrap(...acceptors)).toMatchObject({ _tag: "Refused" })
  })
})

describe("newBallot", () => {
  it("changes nothing that is active, and gives a retry the same ballot", () => {
    const one = active(a, b)
    const issued = one.newBallot("n", b, b, c)
    expect(issued).toMatchObject({
      _tag: "Issued",
      configuration: { ballot: 2, leader: b },
      prev: { ballot: 1 }
    })
    expect(one.newBallot("n", b, b, c)).toEqual(issued)
    expect(one.state().active).toMatchObject({ ballot: 1 })
  })

  it("cancels the ballot issued before it, and never uses a number twice", () => {
    const one = active(a, b)
    one.newBallot("n", b, b)
    expect(one.newBallot("o", a, a)).toMatchObject({ configuration: { ballot: 3 } })
    expect(one.newBallot("n", b, b)).toMatchObject({ configuration: { ballot: 4 } })
    for (const ballot of [2, 3])
      expect(one.complete(ballot, 1)).toMatchObject({ _tag: "Superseded", latest: 4 })
    expect(one.complete(4, 1)).toMatchObject({ _tag: "Activated" })
  })
})

describe("complete", () => {
  it("activates the latest ballot, and tells a retry so", () => {
    const one = active(a, b)
    one.newBallot("n", b, b, c)
    expect(one.complete(2, 1)).toMatchObject({
      _tag: "Activated",
      configuration: { ballot: 2, generation: 0 }
    })
    expect(one.complete(2, 1)).toMatchObject({ _tag: "Activated", configuration: { ballot: 2 } })
  })

  it("refuses an origin other than the active configuration, in ballot and generation", () => {
    const one = active(a, b, c)
    one.retire(c)
    one.newBallot("n", b, b)
    expect(one.complete(2, 1, 0)).toMatchObject({ _tag: "Superseded" })
    expect(one.complete(2, 2, 1)).toMatchObject({ _tag: "Superseded" })
    expect(one.complete(2, 1, 1)).toMatchObject({ _tag: "Activated", configuration: { generation: 0 } })
  })

  it("activates nothing for an attempt other than the one that got the ballot", () => {
    const one = active(a, b, c)
    one.newBallot("n", b, b, c)
    expect(one.complete(2, 1, 0, "o")).toMatchObject({ _tag: "Superseded" })
    expect(one.complete(2, 1, 0, "n")).toMatchObject({ _tag: "Activated" })
  })

  it("tells a leader that was activated before which generation is active by now", () => {
    const one = active(a, b, c)
    one.newBallot("n", a, a, b, c)
    one.complete(2, 1)
    one.retire(c, 2)
    expect(one.complete(2, 1)).toMatchObject({
      _tag: "Activated",
      configuration: { generation: 1, acceptors: [a, b] }
    })
  })
})

describe("retire", () => {
  it("takes a backup out, one generation up, and gives a retry the same answer", () => {
    const one = active(a, b, c)
    const retired = one.retire(c)
    expect(retired).toMatchObject({
      _tag: "Activated",
      configuration: { ballot: 1, generation: 1, acceptors: [a, b] }
    })
    expect(one.retire(c)).toEqual(retired)
    expect(one.retire(b)).toMatchObject({ _tag: "Superseded" })
    expect(one.retire(b, 1, 1)).toMatchObject({ configuration: { generation: 2, acceptors: [a] } })
  })

  it("is refused for the leader, for a stranger, and for a replica whose disk is another", () => {
    const one = active(a, b)
    for (const other of [a, c, { ...b, storage: StorageId("2") }])
      expect(one.retire(other)).toMatchObject({ _tag: "Refused" })
  })

  it("is refused while a ballot is issued, until another is active", () => {
    const one = active(a, b, c)
    one.newBallot("n", a, a, b, c)
    expect(one.retire(c)).toMatchObject({ _tag: "Refused" })
    one.complete(2, 1)
    expect(one.retire(c, 2)).toMatchObject({ _tag: "Activated" })
  })

  it("is refused below the least number of acceptors", () => {
    const one = master(2)
    one.bootstrap(a, b)
    expect(one.retire(b)).toMatchObject({ _tag: "Refused", reason: "the group keeps at least 2 acceptors" })
  })
})

describe("the least number of acceptors", () => {
  it("is set by the bootstrap, which it also binds", () => {
    expect(master(2).bootstrap(a)).toMatchObject({ _tag: "Refused" })
    const one = master(2)
    one.bootstrap(a, b)
    expect(one.read()).toMatchObject({ minAcceptors: 2 })
  })

  it("binds new ballots", () => {
    const one = master(2)
    one.bootstrap(a, b)
    expect(one.newBallot("n", a, a)).toMatchObject({
      _tag: "Refused",
      reason: "the group keeps at least 2 acceptors"
    })
    expect(one.newBallot("n", b, b, c)).toMatchObject({ _tag: "Issued" })
  })

  it("is not lowered by a bootstrap that comes late", () => {
    const one = master(2)
    one.bootstrap(a, b)
    one.ask({ _tag: "Bootstrap", requestId: "late", leader: b, acceptors: [b], minAcceptors: 1 })
    expect(one.retire(b)).toMatchObject({ _tag: "Refused" })
  })
})

describe("drain", () => {
  it("keeps a node out of new configurations, until it is taken back", () => {
    const one = active(a, b)
    expect(one.drain("C")).toMatchObject({ _tag: "MasterRead", drained: ["C"] })
    expect(one.newBallot("n", a, a, b, c)).toMatchObject({
      _tag: "Refused",
      reason: "node C is drained: undrain it first"
    })
    expect(one.drain("C", false)).toMatchObject({ drained: [] })
    expect(one.newBallot("n", a, a, b, c)).toMatchObject({ _tag: "Issued" })
  })

  it("changes nothing when it is said twice", () => {
    const one = active(a, b)
    one.drain("C")
    const before = one.state()
    one.drain("C")
    expect(one.state()).toBe(before)
  })

  it("changes nothing where it was asked for before the last change, and tells what is", () => {
    const one = active(a, b, c)
    one.drain("C", true, 0)
    one.drain("C", false, 1)
    expect(one.drain("C", true, 0)).toMatchObject({ _tag: "MasterRead", drained: [], drains: 2 })
    expect(one.drain("C", true, 2)).toMatchObject({ drained: ["C"], drains: 3 })
    expect(broughtBack(one.state()).drains).toBeGreaterThan(1000)
  })

  it("cancels a ballot that was issued before and would bring the node in, and no other", () => {
    for (const [node, reply] of [
      ["C", "Superseded"],
      ["B", "Activated"],
      ["D", "Activated"]
    ] as const) {
      const one = active(a, b)
      one.newBallot("n", a, a, b, c)
      one.drain(node)
      expect(one.complete(2, 1), node).toMatchObject({ _tag: reply })
      expect(one.state().latest).toBeUndefined()
    }
  })

  it("lets a node vote on where it does, but not with another disk", () => {
    const one = active(a, b, c)
    one.drain("C")
    expect(one.newBallot("n", b, b, c)).toMatchObject({ _tag: "Issued" })
    const other = { ...c, storage: StorageId("2") }
    expect(one.newBallot("n", b, b, other)).toMatchObject({ _tag: "Refused" })
  })
})

describe("a copy of the state that is brought back", () => {
  it("from before an acceptor was retired gives that one no way back to its old log", () => {
    const one = active(a, b, c)
    const copy = one.state()
    one.retire(c)
    const back = broughtBack(copy)
    const { reply } = masterStep(back, { _tag: "NewBallot", requestId: "n", leader: c, acceptors: [c] })
    if (reply._tag !== "Issued") throw new Error("it is issued")
    // Only acceptors of what was active before may promise, and so tell their logs.
    expect(isAcceptorOf(reply.prev, c)).toBe(false)
    expect(reply.prev.acceptors).toEqual([a])
    expect(reply.configuration.ballot).toBeGreaterThan(one.state().nextBallot)
  })

  it("activates nothing that was issued before", () => {
    const one = active(a, b)
    one.newBallot("n", b, b)
    const step = masterStep(broughtBack(one.state()), {
      _tag: "Complete",
      requestId: "n",
      ballot: 2 as never,
      prev: { ballot: 1 as never, generation: 0 }
    })
    expect(step.reply).toMatchObject({ _tag: "Superseded" })
  })

  it("without an active configuration is what it was", () => {
    expect(broughtBack(emptyMaster())).toEqual(emptyMaster())
  })
})
