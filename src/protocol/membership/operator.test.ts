/** What an operator asks for comes about step by step, and is refused with a sentence where it cannot. */
import { describe, expect, it } from "vitest"
import { NodeId, type Replica, Slot, StorageId } from "../ids.ts"
import { idleLeader } from "../leader/leader.ts"
import type { LeaderState } from "../leader/state.ts"
import type { OperatorRequest } from "../messages.ts"
import { serving } from "./membership.test-support.ts"
import { freshMembership, lookAtMembers, noteAsked, noteStanding } from "./membership.ts"
import { operate } from "./operator.ts"

const replica = (node: string): Replica => ({ node: NodeId(node), storage: StorageId("1") })
const [a, b, c, d] = ["A", "B", "C", "D"].map(replica) as [Replica, Replica, Replica, Replica]
const [A, B, C, D] = ["A", "B", "C", "D"].map((node) => NodeId(node)) as [NodeId, NodeId, NodeId, NodeId]

interface Change {
  readonly drained?: ReadonlyArray<NodeId>
  readonly missed?: ReadonlyArray<NodeId>
  readonly asking?: ReadonlyArray<Replica>
  readonly minAcceptors?: number
  readonly isKnown?: boolean
}

/** A request to the leader of A, B and C, with the spare D, which keeps up if it asks. */
const asked = (request: OperatorRequest, change: Change = {}, leader: LeaderState = serving([a, b, c])) => {
  const { drained = [], missed = [], asking = [], minAcceptors = 1, isKnown = true } = change
  const misses = ({ node }: Replica) => missed.includes(node)
  const times = { joinAfterMs: 300, forgetAfterMs: 2000, stuckAfterMs: 1000, retryAfterMs: 500 }
  let state = freshMembership({ ...times, size: 3, minAcceptors, joins: [A, B, C, D] })
  for (let nowMs = 0; nowMs <= 200; nowMs += 100) {
    for (const one of asking) state = noteAsked(state, one, Slot(1), nowMs)
    state = lookAtMembers(state, leader, misses, nowMs).state
  }
  state = noteStanding(state, isKnown ? { minAcceptors, drained, drains: 4 } : undefined)
  const { answer, action } = operate(state, leader, request, misses, 300)
  const { _tag, ...said } = answer
  return { answer: _tag, ...said, action }
}

describe("any request", () => {
  it("is for the leader alone, and waits while something else is under way", () => {
    const request = { _tag: "Transfer", to: B } as const
    expect(asked(request, {}, idleLeader(a))).toMatchObject({ answer: "NotLeader" })
    const next = { _tag: "ReadMaster", requestId: "x" } as const
    expect(asked(request, {}, serving([a, b], 0, { next }))).toMatchObject({ answer: "Waiting" })
  })
})

describe("a transfer", () => {
  const to = (node: NodeId, change?: Change) => asked({ _tag: "Transfer", to: node }, change)
  it("hands over to an acceptor, and is done where that leads", () => {
    expect(to(B)).toMatchObject({ answer: "Waiting", action: { _tag: "HandOver", to: b } })
    expect(to(A)).toMatchObject({ answer: "Done", configuration: { leader: a } })
  })

  it("is refused for who is no acceptor, is not heard of, or is drained", () => {
    expect(to(D)).toMatchObject({ answer: "Refused", reason: expect.stringContaining("no acceptor") })
    expect(to(B, { missed: [B] })).toMatchObject({ answer: "Refused" })
    expect(to(B, { drained: [B] })).toMatchObject({ answer: "Refused" })
  })
})

describe("a drain", () => {
  const of = (node: NodeId, change?: Change) => asked({ _tag: "Drain", node }, change)
  it("reads the master, tells it, and waits until the node is out", () => {
    expect(of(C, { isKnown: false })).toMatchObject({ action: { _tag: "ReadMaster" } })
    expect(of(C)).toMatchObject({ action: { _tag: "Drain", node: C, drained: true, drains: 4 } })
    expect(of(C, { drained: [C] })).toMatchObject({ answer: "Waiting", action: { _tag: "Nothing" } })
    expect(of(D, { drained: [D] })).toMatchObject({ answer: "Done" })
  })

  it("says what it waits for where too few would be left", () => {
    const waiting = of(C, { drained: [C], minAcceptors: 3 })
    expect(waiting).toMatchObject({ answer: "Waiting", reason: expect.stringContaining("no spare") })
  })

  it("is taken back by the master's leave alone", () => {
    const undrain = { _tag: "Undrain", node: C } as const
    expect(asked(undrain, { drained: [C] })).toMatchObject({ action: { node: C, drained: false } })
    expect(asked(undrain)).toMatchObject({ answer: "Done" })
  })
})

describe("a replacement", () => {
  const of = (node: NodeId, by: NodeId, change?: Change, leader?: LeaderState) =>
    asked({ _tag: "Replace", node, by }, change, leader)

  it("takes a spare in that keeps up, in the place of the other one", () => {
    expect(of(C, D, { asking: [d] })).toMatchObject({ action: { acceptors: [a, b, d] } })
    expect(of(C, D)).toMatchObject({ answer: "Waiting", reason: "D has not caught up" })
    expect(of(C, D, {}, serving([a, b, d]))).toMatchObject({ answer: "Done" })
  })

  it("of the leader first takes the other one in, then hands over to it", () => {
    expect(of(A, D, { asking: [d] })).toMatchObject({ action: { acceptors: [a, b, c, d] } })
    expect(of(A, D, {}, serving([a, b, c, d]))).toMatchObject({ action: { _tag: "HandOver", to: d } })
    const led = serving([a, b, c, d], 0, { self: d })
    const byD = { ...led, configuration: { ...led.configuration, leader: d } }
    expect(of(A, D, {}, byD)).toMatchObject({ action: { _tag: "Reconfigure", acceptors: [b, c, d] } })
  })

  it("is refused where it makes no sense", () => {
    expect(of(C, C)).toMatchObject({ answer: "Refused" })
    expect(of(C, NodeId("X"))).toMatchObject({ answer: "Refused" })
    expect(of(D, NodeId("D"))).toMatchObject({ answer: "Refused" })
    expect(of(NodeId("X"), D, { asking: [d] })).toMatchObject({ answer: "Refused" })
    expect(of(C, D, { asking: [d], drained: [D] })).toMatchObject({ answer: "Refused" })
  })

  it("is refused where the other one votes already, or would beside it: it would be back in a moment", () => {
    const both = {
      answer: "Refused",
      reason: expect.stringContaining("drain it"),
      action: { _tag: "Nothing" }
    }
    expect(of(C, B)).toMatchObject(both)
    expect(of(A, B)).toMatchObject(both)
    expect(of(A, D, { asking: [d] }, serving([a, b]))).toMatchObject(both)
    expect(of(C, B, { drained: [C] })).toMatchObject({ action: { _tag: "Reconfigure", acceptors: [a, b] } })
    expect(of(C, B, { isKnown: false })).toMatchObject({ action: { _tag: "ReadMaster" } })
  })

  it("fills the place of one that was taken out a moment ago", () => {
    const left = serving([a, b])
    expect(of(C, D, { asking: [d] }, left)).toMatchObject({ action: { acceptors: [a, b, d] } })
  })
})

describe("a leader that is drained", () => {
  it("hands over by itself", () => {
    const leader = serving([a, b, c])
    let state = freshMembership({
      ...{ joinAfterMs: 1, forgetAfterMs: 1, stuckAfterMs: 1, retryAfterMs: 1 },
      ...{ size: 3, minAcceptors: 1, joins: [A, B, C] }
    })
    state = noteStanding(state, { minAcceptors: 1, drained: [A, B], drains: 2 })
    const { action } = lookAtMembers(state, leader, () => false, 10)
    expect(action).toEqual({ _tag: "HandOver", to: c })
  })
})
