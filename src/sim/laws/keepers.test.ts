/** The law of keepers, at facts made by hand and at a keeper that is wrong. */
import { describe, expect, it } from "vitest"
import { type Kept, keeperStep, keptNothing, type ToKeeper } from "../../protocol/master/cas-paxos.ts"
import { firstSeats } from "../../protocol/master/seats.ts"
import { keepers } from "./keepers.ts"
import { FakeFacts, replica, verdict } from "./laws.test-support.ts"

const ticket = (number: number, proposer = "p") => ({ number, proposer })
const kept = (promised: number, accepted: number): Kept => ({
  promised: ticket(promised),
  accepted: ticket(accepted),
  value: { version: 1, text: "{}" }
})

const verdictOn = (...all: ReadonlyArray<readonly [string, Kept]>) =>
  verdict(keepers, new FakeFacts(), (watch) => {
    for (const [of, one] of all) watch.onKept!(of, one)
  })

describe("a keeper forgets nothing", () => {
  it("is broken by a promise that falls, and by what was accepted", () => {
    expect(verdictOn(["a/1", kept(3, 1)], ["a/1", kept(2, 1)])).toContain("had promised ticket 3 of p")
    expect(verdictOn(["a/1", kept(3, 2)], ["a/1", kept(3, 1)])).toContain("had accepted ticket 2 of p")
    const rival = { ...kept(3, 1), promised: ticket(3, "o") }
    expect(verdictOn(["a/1", kept(3, 1)], ["a/1", rival])).toContain("and now 3 of o")
  })

  it("is broken by what was accepted above the promise", () => {
    expect(verdictOn(["a/1", kept(2, 3)])).toContain("has accepted ticket 3 of p, and promised 2 of p")
  })

  it("holds where both rise, where the same is written again, and for each disk by itself", () => {
    const rising = [kept(1, 0), kept(1, 1), kept(1, 1), kept(4, 1), kept(4, 4)]
    expect(verdictOn(...rising.map((one) => ["a/1", one] as const))).toBeUndefined()
    expect(verdictOn(["a/1", kept(4, 4)], ["a/2", kept(1, 1)], ["b/1", kept(2, 0)])).toBeUndefined()
    expect(verdictOn(["a/1", { ...keptNothing, value: kept(0, 0).value }])).toBeUndefined()
  })

  it("holds for a keeper that hears a write of which it missed the claim, and then an older one", () => {
    const self = replica("a")
    const seats = firstSeats([self, replica("b"), replica("c")])
    const write = (number: number): ToKeeper => {
      return { _tag: "Write", ticket: ticket(number), seats, value: { version: number, text: "{}" } }
    }
    let keeper = { self, seats, kept: keptNothing }
    const all: Array<readonly [string, Kept]> = []
    for (const number of [2, 1]) {
      const step = keeperStep(keeper, write(number))
      keeper = step.keeper
      for (const record of step.records) if (record._tag === "Kept") all.push(["a/1", record.kept])
    }
    expect(all.length).toBe(1)
    expect(verdictOn(...all)).toBeUndefined()
  })
})
