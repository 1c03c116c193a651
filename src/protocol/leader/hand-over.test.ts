/**
 * A hand-over while the lease of the leader runs: the successor is invited, and the leader serves until it is
 * ready.
 */
import { describe, expect, it } from "vitest"
import { Ballot, type Replica, Slot } from "../ids.ts"
import { logThrough, replica, serving } from "../membership/membership.test-support.ts"
import type { Output } from "../step.ts"
import type { LeaderInput } from "./input.ts"
import { leaderStep } from "./leader.ts"
import type { LeaderState, Serving } from "./state.ts"

const [a, b] = [replica("A"), replica("B")]
const log = logThrough(7)

/** Its lease runs until 200; one batch is in flight. */
const leading = (leaseUntilMs = 200): Serving => {
  const of = { acknowledged: Slot(7), confirmed: 5, next: Slot(8), behind: false, moved: false, leaseUntilMs }
  const progress = new Map([a, b].map(({ node }) => [node, of]))
  const window = [{ last: Slot(8), submissions: [] }]
  return serving([a, b], 7, { progress, window, last: Slot(8), round: 6, leaseMs: 200 })
}

const toB: LeaderInput = { _tag: "HandOver", to: b }
const look: LeaderInput = { _tag: "TimerFired", timer: "hand-over" }
const answer = (from: Replica, round: number, grantedMs: number, lastSlot = 7): LeaderInput => ({
  _tag: "FromAcceptor",
  from,
  message: { _tag: "Accepted", ballot: Ballot(2), lastSlot: Slot(lastSlot), round, grantedMs }
})
const tags = (outputs: ReadonlyArray<Output>) => outputs.map(({ _tag }) => _tag)
const told = (nowMs: number, ...inputs: ReadonlyArray<LeaderInput>): LeaderState =>
  inputs.reduce<LeaderState>((state, input) => leaderStep(state, log, input, nowMs).state, leading())

describe("a leader that is to hand over while its lease runs", () => {
  it("invites its successor, and asks every round whether that is ready", () => {
    const invited = leaderStep(leading(), log, toB, 100)
    expect(tags(invited.outputs)).toEqual(["TellSuccessor", "SetTimer"])
    expect(invited.state).toMatchObject({ invited: { to: b, untilMs: 200, after: 6 }, handOver: undefined })
    const looked = leaderStep(invited.state, log, look, 110)
    expect(tags(looked.outputs)).toEqual(["Send", "SetTimer"])
    expect(looked.state).toMatchObject({ round: 7, handOver: undefined })
  })

  it("stops when the acceptor of its successor grants nothing more", () => {
    expect(told(110, toB, look, answer(b, 7, 0))).toMatchObject({ invited: undefined, handOver: { to: b } })
  })

  it("serves on while that one grants, while others do not, and upon an answer to an earlier round", () => {
    for (const one of [answer(b, 7, 200), answer(a, 7, 0), answer(b, 6, 0)])
      expect(told(110, toB, look, one)).toMatchObject({ invited: { to: b }, handOver: undefined })
  })

  it("stops when its successor has not come in time", () => {
    const invited = leaderStep(leading(), log, toB, 100).state
    expect(leaderStep(invited, log, look, 200).state).toMatchObject({ handOver: { to: b, byMs: 1200 } })
  })

  it("does not begin anew when it is told again", () => {
    expect(told(150, toB, toB)).toMatchObject({ invited: { untilMs: 250 } })
  })
})

it("without a lease of its successor's acceptor it stops at once: nothing would hold that one back", () => {
  const step = leaderStep(leading(100), log, toB, 100)
  expect(step.state).toMatchObject({ invited: undefined, handOver: { to: b } })
})
