/**
 * The rules of figures 3 to 5 of "Vertical Paxos and Primary-Backup Replication" (PODC 2009), one test a
 * rule.
 */
import { describe, expect, it } from "vitest"
import { noBallot, noSlot } from "../src/protocol/ids.ts"
import { defaultLeaderSettings } from "../src/protocol/leader/input.ts"
import { ClusterModel } from "./support/cluster-model.ts"
import { settle, submitTo, turn } from "./support/cluster-model-chaos.ts"
import type { PeerMessage } from "./support/cluster-model-node.ts"

const cluster = () => new ClusterModel("ABCD", defaultLeaderSettings)

/** A leads the acceptors and everything is settled. */
const led = (acceptors: string): ClusterModel => {
  const model = cluster()
  model.bootstrap("A", acceptors)
  model.start("A", acceptors)
  settle(model)
  return model
}

const sentBy = (model: ClusterModel, name: string, tag: PeerMessage["_tag"]): ReadonlyArray<PeerMessage> =>
  model.network
    .filter(({ from, message }) => from.node === name && message._tag === tag)
    .map(({ message }) => message)

const syncAll = (model: ClusterModel, name: string): void => {
  for (let step = 0; step < 10; step++) {
    model.receiveOwn(name)
    model.sync(name)
  }
}

/** The leader, restarted where it leads already, has a ballot issued, and what follows is on its way. */
const issue = (model: ClusterModel, name: string, acceptors: string): void => {
  if (model.node(name).leader._tag !== "Deposed") model.crash(name)
  model.start(name, acceptors)
  const { from, request } = model.requests.pop()!
  model.askMaster(from, request)
  const { to, reply } = model.replies.pop()!
  model.lead(to, { _tag: "FromMaster", reply })
}

const take = (model: ClusterModel, name: string, tag: PeerMessage["_tag"]): void => {
  const index = model.network.findIndex((letter) => letter.to === name && letter.message._tag === tag)
  if (index < 0) throw new Error(`no ${tag} is on its way to ${name}`)
  const [letter] = model.network.splice(index, 1)
  model.receive(name, letter!.from, letter!.message)
}

describe("figure 3, the acceptor", () => {
  it("initially has promised no ballot and voted for nothing", () => {
    const { acceptor, log } = cluster().node("A")
    expect([acceptor.promised, log.last]).toEqual([noBallot, noSlot])
  })

  it("on 1a of a ballot above maxBallot, promises it and answers 1b with its votes, once durable", () => {
    const model = led("AB")
    issue(model, "C", "C")
    take(model, "B", "Prepare")
    expect(model.node("B").acceptor.promised).toBe(3)
    expect(sentBy(model, "B", "Prepared")).toEqual([])
    model.sync("B")
    expect(sentBy(model, "B", "Prepared")).toMatchObject([
      { ballot: 3, lastSlot: 1, runs: [{ ballot: 2, first: 1 }] }
    ])
    expect(model.node("B").disk.log.promised).toBe(3)
  })

  it("on 1a of a ballot below maxBallot, promises nothing and gives no vote away", () => {
    const model = led("AB")
    issue(model, "C", "C")
    issue(model, "D", "D")
    const prepares = model.network.filter(({ to }) => to === "B")
    model.receive("B", prepares[1]!.from, prepares[1]!.message)
    model.receive("B", prepares[0]!.from, prepares[0]!.message)
    syncAll(model, "B")
    expect(model.node("B").acceptor.promised).toBe(4)
    expect(sentBy(model, "B", "Prepared")).toMatchObject([{ ballot: 4 }])
    expect(sentBy(model, "B", "Nack")).toMatchObject([{ ballot: 3, promised: 4 }])
  })

  it("on 2a of a ballot at or above maxBallot, votes, raises maxBallot and answers 2b, once durable", () => {
    const model = led("AB")
    issue(model, "A", "AC")
    syncAll(model, "A")
    take(model, "C", "Accept")
    expect(model.node("C").acceptor.promised).toBe(3)
    expect([...sentBy(model, "C", "Gap"), ...sentBy(model, "C", "Accepted")]).toEqual([])
    model.sync("C")
    expect(sentBy(model, "C", "Gap")).toMatchObject([{ ballot: 3, hintSlot: 0 }])
    take(model, "A", "Gap")
    take(model, "C", "Accept")
    model.sync("C")
    expect(sentBy(model, "C", "Accepted")).toMatchObject([{ ballot: 3, lastSlot: 1 }])
    expect(model.node("C").disk.log.ballotAt(1 as never)).toBe(2)
  })

  it("on 2a of a ballot below maxBallot, does not vote", () => {
    const model = led("AB")
    submitTo(model, "A", 1)
    issue(model, "B", "B")
    syncAll(model, "B")
    take(model, "B", "Accept")
    expect(model.node("B").log.last).toBe(1)
    expect(sentBy(model, "B", "Accepted")).toEqual([])
  })

  it("keeps maxBallot and votes over a crash", () => {
    const model = led("AB")
    model.crash("B")
    expect(model.node("B").acceptor.promised).toBe(2)
    expect(model.node("B").log.ballotAt(1 as never)).toBe(2)
  })
})

describe("figure 4, the leader", () => {
  it("on newBallot(b, prevBal), sends 1a to acceptors of prevBal, to its own alone if that is one", () => {
    const inside = led("AB")
    issue(inside, "B", "B")
    expect(inside.network).toEqual([])
    const outside = led("AB")
    issue(outside, "C", "C")
    expect(outside.network.map(({ to, message }) => [to, message._tag])).toEqual([
      ["A", "Prepare"],
      ["B", "Prepare"]
    ])
  })

  it("VFindSafe: with a vote in prevBal, only that value is safe: the slot is bound to it", () => {
    const model = led("AB")
    issue(model, "C", "C")
    settle(model)
    expect(model.node("C").log.ballotAt(1 as never)).toBe(2)
  })

  it("VFindSafe: without a vote, every value is safe: the slot is free", () => {
    const model = cluster()
    model.bootstrap("A", "AB")
    model.start("B", "B")
    settle(model)
    expect(model.node("B").log.ballotAt(1 as never)).toBe(2)
  })

  it("does phase 2 of every bound value at all its acceptors before it sends complete", () => {
    const model = led("AB")
    issue(model, "A", "AC")
    syncAll(model, "A")
    expect(model.requests).toEqual([])
    take(model, "C", "Accept")
    syncAll(model, "C")
    take(model, "A", "Gap")
    take(model, "C", "Accept")
    syncAll(model, "C")
    expect(model.requests).toEqual([])
    take(model, "A", "Accepted")
    expect(model.requests).toMatchObject([{ request: { _tag: "Complete", ballot: 3, prev: { ballot: 2 } } }])
  })

  it("proposes no new value before it is activated", () => {
    const model = led("AB")
    issue(model, "B", "B")
    syncAll(model, "B")
    expect(model.node("B").leader._tag).toBe("Awaiting")
    submitTo(model, "B", 1)
    expect(model.answers).toMatchObject([{ _tag: "RefuseSubmit", refusal: { _tag: "Overloaded" } }])
    expect(model.node("B").log.last).toBe(1)
  })

  it("once activated, proposes; a value is chosen when every acceptor of the ballot has voted for it", () => {
    const model = led("ABC")
    submitTo(model, "A", 1)
    syncAll(model, "A")
    take(model, "B", "Accept")
    syncAll(model, "B")
    take(model, "A", "Accepted")
    expect(model.node("A").applied).toBe(1)
    take(model, "C", "Accept")
    syncAll(model, "C")
    take(model, "A", "Accepted")
    expect(model.node("A").applied).toBe(2)
  })

  it("after a crash never goes on in its ballot", () => {
    const model = led("AB")
    model.crash("A")
    expect(model.node("A").leader._tag).toBe("Deposed")
    model.start("A", "AB")
    settle(model)
    expect(model.activated.map(({ ballot }) => ballot)).toEqual([1, 2, 3])
  })
})

describe("figure 5, the master", () => {
  it("issues each ballot number once, with the ballot that is active at that moment as prevBal", () => {
    const model = led("AB")
    issue(model, "A", "A")
    issue(model, "B", "B")
    expect(model.master).toMatchObject({ nextBallot: 5, active: { ballot: 2 } })
    expect(model.master.latest).toMatchObject({ configuration: { ballot: 4 }, prev: { ballot: 2 } })
  })

  it("on complete of a ballot issued against the active one, activates it and tells its leader", () => {
    const model = led("AB")
    model.start("B", "B")
    settle(model)
    expect(model.master.active).toMatchObject({ ballot: 3 })
    expect(model.node("B").leader._tag).toBe("Serving")
  })

  it("on complete of any other ballot, activates nothing", () => {
    const model = led("AB")
    issue(model, "B", "B")
    syncAll(model, "B")
    issue(model, "A", "A")
    const { from, request } = model.requests.shift()!
    model.askMaster(from, request)
    expect(model.replies).toMatchObject([{ to: "B", reply: { _tag: "Superseded", latest: 4 } }])
    expect(model.master.active).toMatchObject({ ballot: 2 })
    settle(model)
    expect(model.master.active).toMatchObject({ ballot: 4 })
  })

  it("section 5: takes a failed backup out of the active ballot, and the leader goes on without it", () => {
    const model = led("AB")
    submitTo(model, "A", 1)
    model.network = []
    turn(model)
    model.network = []
    const [acceptor] = model.replicas("B")
    const origin = { ballot: model.master.active!.ballot, generation: 0 }
    model.askMaster(model.node("A").self.node, {
      _tag: "Retire",
      requestId: "r",
      origin,
      acceptor: acceptor!
    })
    settle(model)
    expect(model.node("A").applied).toBe(2)
    expect(model.master.active).toMatchObject({ ballot: 2, generation: 1, acceptors: [{ node: "A" }] })
  })
})
