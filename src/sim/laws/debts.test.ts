/** The law of debts is seen firing on acceptors that break it, and silent on those that do not. */
import { describe, expect, it } from "vitest"
import type { AcceptorState } from "../../protocol/acceptor/acceptor.ts"
import { Ballot, Slot } from "../../protocol/ids.ts"
import type { Accepted } from "../../protocol/messages.ts"
import { debts } from "./debts.ts"
import { FakeFacts, node, replica, verdict } from "./laws.test-support.ts"

const a = node("a", { promised: 2 })

const accepted = (round: number, lastSlot: number): Accepted => ({
  _tag: "Accepted",
  ballot: Ballot(2),
  lastSlot: Slot(lastSlot),
  round,
  grantedMs: 0
})

const owing = (owed: Accepted | undefined, promised = 2, paidAtMs = 0): AcceptorState => {
  const debt = owed && { to: replica("b"), accepted: owed, sinceMs: 0 }
  return {
    ...a.parts.acceptor(),
    promised: Ballot(promised),
    owing: { paidAtMs, debt, isTimed: false }
  }
}

/** An acceptor owes this, then that or nothing, and says these until the end. */
const judged = (then: AcceptorState, ...said: ReadonlyArray<Accepted>) => {
  const facts = new FakeFacts(a)
  facts.running.set("a", a)
  return verdict(debts, facts, (watch) => {
    watch.onAcceptor!(a, owing(accepted(7, 6)), then)
    for (const message of said) watch.onAnswer!(a, message)
    watch.atEnd!()
  })
}

describe("what is owed is paid", () => {
  it("is broken by a debt in the place of one that it does not cover", () => {
    expect(judged(owing(accepted(8, 6)))).toBeUndefined()
    expect(judged(owing(accepted(8, 5)))).toContain("a owed slot 6 of round 7, and now slot 5 of round 8")
    expect(judged(owing(accepted(6, 6)))).toContain("now slot 6 of round 6")
  })

  it("is broken by a debt that is dropped, and not by one that is paid, or to a leader that was left", () => {
    expect(judged(owing(undefined), accepted(7, 6))).toBeUndefined()
    expect(judged(owing(undefined), accepted(9, 5), accepted(9, 8))).toBeUndefined()
    expect(judged(owing(undefined), accepted(9, 5))).toContain("a owed slot 6 of round 7, and never said so")
    expect(judged(owing(undefined, 3))).toBeUndefined()
  })

  it("is not broken where it is paid and something else owed in one turn, unless nothing leaves", () => {
    const then = owing(accepted(6, 5), 2, 9)
    expect(judged(then, accepted(7, 6))).toBeUndefined()
    expect(judged(then, accepted(6, 5))).toContain("a owed slot 6 of round 7, and never said so")
  })

  it("is not broken where the answer leaves in the turn that pays the debt", () => {
    const facts = new FakeFacts(a)
    facts.running.set("a", a)
    const paying = (...said: ReadonlyArray<Accepted>) =>
      verdict(debts, facts, (watch) => {
        for (const message of said) watch.onAnswer!(a, message)
        watch.onAcceptor!(a, owing(accepted(7, 6)), owing(undefined))
        watch.atEnd!()
      })
    expect(paying(accepted(7, 6))).toBeUndefined()
    expect(paying(accepted(7, 6), accepted(6, 5))).toBeUndefined()
    expect(paying(accepted(6, 6))).toContain("a owed slot 6 of round 7, and never said so")
  })
})
