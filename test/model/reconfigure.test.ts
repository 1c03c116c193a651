/** A leader changes its acceptors under its clients' hands: what was given to it is answered, once. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, SessionId, Slot } from "../../src/protocol/ids.ts"
import { defaultLeaderSettings } from "../../src/protocol/leader/input.ts"
import { keepAliveEntry } from "../../src/protocol/log/entry.ts"
import { ClusterModel } from "../support/cluster-model.ts"
import { settle, turn } from "../support/cluster-model-chaos.ts"

const client = ClientId("c")

const submit = (cluster: ClusterModel, submission: number, to = "A"): void => {
  const bytes = keepAliveEntry(SessionId(submission))
  cluster.lead(to, { _tag: "Submit", client, submission, bytes })
  cluster.lead(to, { _tag: "Flush", wallMs: submission })
}
const ask = (cluster: ClusterModel, question: number): void =>
  cluster.lead("A", { _tag: "Query", client, question, queries: [new Uint8Array(1)] })

/** A leads A and B, C is outside, and the first entry is chosen. */
const serving = (change: object = {}): ClusterModel => {
  const cluster = new ClusterModel("ABC", { ...defaultLeaderSettings, ...change })
  cluster.bootstrap("A", "AB")
  cluster.start("A", "AB")
  settle(cluster)
  turn(cluster)
  cluster.answers.length = 0
  return cluster
}

/** The master gets the oldest request, and A its answer. */
const issue = (cluster: ClusterModel): void => {
  const { from, request } = cluster.requests.shift()!
  cluster.askMaster(from, request)
  const { to, reply } = cluster.replies.shift()!
  cluster.lead(to, { _tag: "FromMaster", reply })
}

const phase = (cluster: ClusterModel, name = "A") => cluster.node(name).leader._tag
const acceptorsNow = (cluster: ClusterModel) =>
  cluster.master.active!.acceptors.map(({ node }) => node).join("")
const answersOf = (cluster: ClusterModel, tag: string) => cluster.answers.filter(({ _tag }) => _tag === tag)

describe("a leader that changes its acceptors", () => {
  it("serves on while the master has not answered", () => {
    const cluster = serving()
    cluster.reconfigure("A", "ABC")
    cluster.requests.length = 0
    submit(cluster, 1)
    settle(cluster)
    expect(cluster.node("A").applied).toBe(2)
    cluster.fire("A", "master-retry")
    settle(cluster)
    expect(acceptorsNow(cluster)).toBe("ABC")
  })

  it("goes on in the next ballot with what was in flight, what waits and what was asked", () => {
    const cluster = serving()
    submit(cluster, 1)
    ask(cluster, 1)
    cluster.lead("A", { _tag: "Flush", wallMs: 1 })
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    expect(phase(cluster)).toBe("Preparing")
    submit(cluster, 2)
    ask(cluster, 2)
    settle(cluster)
    expect(phase(cluster)).toBe("Serving")
    expect(acceptorsNow(cluster)).toBe("ABC")
    // The first of its ballot, the command in flight, the first of the next ballot, the command that waited.
    expect(cluster.node("A").applied).toBe(4)
    expect(answersOf(cluster, "Answer").flatMap((one) => ("queries" in one ? one.queries : []))).toHaveLength(
      2
    )
    expect(cluster.answers.filter(({ _tag }) => _tag !== "Answer" && _tag !== "Apply")).toEqual([])
  })

  it("counts nothing in the old ballot once the next one is issued", () => {
    const cluster = serving()
    submit(cluster, 1)
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    const [a, b] = cluster.replicas("AB")
    for (const from of [a!, b!]) {
      const message = {
        _tag: "Accepted",
        ballot: Ballot(2),
        lastSlot: Slot(2),
        round: 99,
        grantedMs: 0
      } as const
      cluster.lead("A", { _tag: "FromAcceptor", from, message })
    }
    expect(cluster.node("A").applied).toBe(1)
  })

  it("holds no more than it may, and refuses the rest as overload", () => {
    const cluster = serving({ pendingMaxBytes: 40, questionsMax: 1 })
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    for (let number = 1; number <= 20; number++) submit(cluster, number)
    for (const question of [1, 2]) ask(cluster, question)
    const refused = answersOf(cluster, "RefuseSubmit")
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ refusal: { _tag: "Overloaded" } })
    expect(answersOf(cluster, "RefuseQuery")).toMatchObject([
      { question: 2, refusal: { _tag: "Overloaded" } }
    ])
    settle(cluster)
    expect(cluster.node("A").applied).toBe(2 + 20 - refused.length)
  })

  it("stays as it is where the master refuses, and knows why", () => {
    const cluster = serving()
    const request = {
      _tag: "Drain",
      requestId: "d",
      node: cluster.node("C").self.node,
      drained: true,
      drains: 0
    } as const
    cluster.askMaster(cluster.node("A").self.node, request)
    cluster.replies.length = 0
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    expect(cluster.node("A").leader).toMatchObject({
      _tag: "Serving",
      next: undefined,
      refused: { reason: "node C is drained: undrain it first" }
    })
    submit(cluster, 1)
    settle(cluster)
    expect(cluster.node("A").applied).toBe(2)
  })
})

describe("a leader that changes its acceptors and is overtaken", () => {
  it("tells clients of what was in flight that it is open, and of what waited that it was not done", () => {
    const cluster = serving()
    submit(cluster, 1)
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    submit(cluster, 2)
    ask(cluster, 1)
    cluster.start("B", "B")
    cluster.network.length = 0
    settle(cluster)
    turn(cluster)
    turn(cluster)
    expect(phase(cluster)).toBe("Deposed")
    expect(phase(cluster, "B")).toBe("Serving")
    expect(answersOf(cluster, "Unsettled")).toMatchObject([{ submission: 1 }])
    expect(answersOf(cluster, "RefuseSubmit")).toMatchObject([
      { submission: 2, refusal: { _tag: "NotLeader" } }
    ])
    expect(answersOf(cluster, "RefuseQuery")).toMatchObject([{ question: 1 }])
  })

  it("stops where its ballot was issued against somebody else's", () => {
    const cluster = serving()
    cluster.start("B", "B")
    settle(cluster)
    // A is no acceptor of B's ballot, and has heard nothing of it.
    expect([phase(cluster), phase(cluster, "B")]).toEqual(["Serving", "Serving"])
    cluster.reconfigure("A", "ABC")
    issue(cluster)
    expect(phase(cluster)).toBe("Deposed")
  })

  it("gives a ballot up in which an acceptor fell silent, again and again, and loses nothing", () => {
    const cluster = serving()
    for (let submission = 1; submission <= 4; submission++) {
      cluster.reconfigure("A", "ABC")
      issue(cluster)
      submit(cluster, submission)
      cluster.receiveOwn("A")
      if (submission % 2 === 0) cluster.sync("A")
    }
    cluster.reconfigure("A", "AB")
    settle(cluster)
    expect(phase(cluster)).toBe("Serving")
    expect(acceptorsNow(cluster)).toBe("AB")
    // What was submitted before the first issue went out as an entry, the others waited: all are there.
    expect(cluster.node("A").applied).toBe(6)
    expect(answersOf(cluster, "Unsettled")).toEqual([])
  })
})

describe("a leader whose retired acceptor nobody told it of", () => {
  it("hears of it from the next answer of the master, whatever that is about", () => {
    const cluster = serving()
    const [b] = cluster.replicas("B")
    const { self } = cluster.node("A")
    const origin = { ballot: Ballot(2), generation: 0 }
    const request = { _tag: "Retire", requestId: "lost", origin, acceptor: b! } as const
    cluster.askMaster(self.node, request)
    cluster.replies.length = 0
    submit(cluster, 1)
    cluster.network.length = 0
    settle(cluster)
    expect(cluster.node("A").applied).toBe(1)
    cluster.askMaster(self.node, { _tag: "ReadMaster", requestId: "read" })
    settle(cluster)
    expect(cluster.node("A").applied).toBe(2)
    expect(cluster.node("A").leader).toMatchObject({ configuration: { generation: 1, acceptors: [self] } })
  })
})
