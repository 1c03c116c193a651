/** The register of the masters: what keepers promise, and what an attempt may conclude. */
import { describe, expect, it } from "vitest"
import { NodeId, type Replica, StorageId } from "../ids.ts"
import {
  type Attempt,
  type AttemptStep,
  attemptStep,
  beginAttempt,
  type FromKeeper,
  type Keeper,
  keeperStep,
  keptNothing,
  type Operation,
  type ToKeeper
} from "./cas-paxos.ts"
import { firstSeats, type Seats, takeSeat } from "./seats.ts"

const replica = (name: string, storage = name): Replica => ({
  node: NodeId(name),
  storage: StorageId(storage)
})
const all = ["a", "b", "c"].map((name) => replica(name))
const seats = firstSeats(all)
const ticket = (number: number, proposer = "p") => ({ number, proposer })
const value = (version: number, text: string) => ({ version, text })
const fresh = (self: Replica, at: Seats = seats): Keeper => ({ self, seats: at, kept: keptNothing })
const claim = (number: number, at = seats): ToKeeper => ({ _tag: "Claim", ticket: ticket(number), seats: at })
const write = (number: number, text: string, at = seats): ToKeeper => ({
  _tag: "Write",
  ticket: ticket(number),
  seats: at,
  value: value(1, text)
})
const having = (keeper: Keeper, ...asks: ReadonlyArray<ToKeeper>): Keeper =>
  asks.reduce((state, ask) => keeperStep(state, ask).keeper, keeper)

describe("a keeper", () => {
  it("writes its promise down before it answers", () => {
    const step = keeperStep(fresh(all[0]!), claim(3))
    expect(step.records).toEqual([{ _tag: "Kept", kept: { ...keptNothing, promised: ticket(3) } }])
    expect(step.reply).toMatchObject({ _tag: "Held", ticket: ticket(3) })
  })

  it("that promised 5 takes part in nothing below it, and says so", () => {
    const keeper = having(fresh(all[0]!), claim(5))
    for (const ask of [claim(4), write(4, "x")]) {
      const step = keeperStep(keeper, ask)
      expect(step.records).toEqual([])
      expect(step.reply).toEqual({ _tag: "Outbid", ticket: ticket(4), promised: ticket(5) })
    }
  })

  it("that takes a value promises its ticket: a late older attempt does not undo what is decided", () => {
    // Attempt 3 had b and c when attempt 5 came, had a and b, and was written to a and c: decided.
    const b = having(fresh(all[1]!), claim(3), claim(5))
    const c = having(fresh(all[2]!), claim(3), write(5, "decided"))
    const late = keeperStep(c, write(3, "late"))
    expect(late.reply).toEqual({ _tag: "Outbid", ticket: ticket(3), promised: ticket(5) })
    const told = [b, late.keeper].map((keeper) => keeperStep(keeper, claim(7)).reply)
    expect(told).toMatchObject([{ value: undefined }, { value: { text: "decided" }, accepted: ticket(5) }])
  })

  it("answers a second copy of a question alike, and writes nothing for it", () => {
    const keeper = having(fresh(all[0]!), claim(5), write(5, "x"))
    expect(keeperStep(keeper, write(5, "x"))).toMatchObject({ records: [], reply: { _tag: "Written" } })
    const claimed = having(fresh(all[0]!), claim(5))
    expect(keeperStep(claimed, claim(5))).toMatchObject({ records: [], reply: { _tag: "Held" } })
  })

  it("refuses an attempt that counts on a disk that is gone", () => {
    const reseated = takeSeat(seats, replica("b", "b2"))
    const step = keeperStep(fresh(all[0]!, reseated), write(9, "x"))
    expect(step.records).toEqual([])
    expect(step.reply).toEqual({ _tag: "Reseated", ticket: ticket(9), seats: reseated })
  })

  it("whose own disk has lost its seat keeps silent, and notes it", () => {
    const reseated = takeSeat(seats, replica("a", "a2"))
    const step = keeperStep(fresh(all[0]!), claim(9, reseated))
    expect(step).toMatchObject({ records: [{ _tag: "Seated", seats: reseated }], reply: undefined })
    expect(keeperStep(step.keeper, claim(10)).reply).toBeUndefined()
  })
})

/** Asks keepers in turn until the attempt settles or is to be begun again. */
const run = (attempt: Attempt, keepers: ReadonlyArray<Keeper>) => {
  const state = [...keepers]
  let step: AttemptStep = { _tag: "Going", attempt, ask: attempt.ask }
  while (step._tag === "Going" && step.ask !== undefined) {
    const { ask } = step
    let current: Attempt = step.attempt
    step = { _tag: "Going", attempt: current, ask: undefined }
    for (const [index, keeper] of state.entries()) {
      const { keeper: next, reply } = keeperStep(keeper, ask)
      state[index] = next
      if (reply === undefined || step._tag !== "Going" || step.ask !== undefined) continue
      step = attemptStep(current, keeper.self, reply)
      if (step._tag === "Going") current = step.attempt
    }
  }
  return { step, keepers: state }
}

const read: Operation = { _tag: "Read" }
const swap = (expected: number, text: string): Operation => ({ _tag: "Swap", expected, text })
const begin = (operation: Operation, number: number, peeks = false, at = seats) =>
  beginAttempt(operation, ticket(number), at, peeks)

describe("an attempt", () => {
  const keepers = all.map((one) => fresh(one))

  it("writes where the version is the expected one, and is read by a peek", () => {
    const swapped = run(begin(swap(0, "x"), 1), keepers)
    expect(swapped.step).toMatchObject({ _tag: "Settled", outcome: { _tag: "Swapped" } })
    const seen = run(begin(read, 2, true), swapped.keepers)
    expect(seen.step).toMatchObject({ outcome: { _tag: "Value", value: value(1, "x") } })
    expect(seen.keepers).toEqual(swapped.keepers)
  })

  it("writes nothing where the version is another one", () => {
    const { keepers: written } = run(begin(swap(0, "x"), 1), keepers)
    const late = run(begin(swap(0, "y"), 2), written)
    expect(late.step).toMatchObject({ outcome: { _tag: "Differs" } })
    expect(late.keepers.map(({ kept }) => kept.value)).toEqual(written.map(({ kept }) => kept.value))
  })

  it("carries on what one keeper alone has accepted, for a majority may have", () => {
    const half = [having(keepers[0]!, claim(1), write(1, "x")), ...keepers.slice(1)]
    const peeked = run(begin(read, 2, true), half)
    expect(peeked.step).toMatchObject({ _tag: "Again", above: 1 })
    const carried = run(begin(read, 3), peeked.keepers)
    expect(carried.step).toMatchObject({ outcome: { _tag: "Value", value: value(1, "x") } })
    expect(carried.keepers.map(({ kept }) => kept.value?.text)).toEqual(["x", "x", "x"])
  })

  it("needs a majority, each counted once, of those who have a seat", () => {
    const attempt = begin(swap(0, "x"), 1)
    const held: FromKeeper = { _tag: "Held", ...keptNothing, ticket: ticket(1) }
    const once = attemptStep(attempt, all[0]!, held)
    expect(once).toMatchObject({ _tag: "Going", ask: undefined })
    if (once._tag !== "Going") throw new Error("it goes on")
    expect(attemptStep(once.attempt, all[0]!, held)).toMatchObject({ _tag: "Going", ask: undefined })
    expect(attemptStep(once.attempt, replica("b", "b2"), held)).toMatchObject({ ask: undefined })
    expect(attemptStep(once.attempt, all[1]!, held)).toMatchObject({ ask: { _tag: "Write" } })
  })

  it("ignores answers to another question", () => {
    const attempt = begin(swap(0, "x"), 2)
    const old: FromKeeper = { _tag: "Held", ...keptNothing, ticket: ticket(1) }
    expect(attemptStep(attempt, all[0]!, old)).toEqual({ _tag: "Going", attempt, ask: undefined })
    expect(attemptStep(attempt, all[0]!, { _tag: "Written", ticket: ticket(2) })).toMatchObject({ attempt })
  })

  it("begins again above whoever outbid it, and among the seats that it is told", () => {
    const outbid = run(begin(swap(0, "x"), 2), [having(keepers[0]!, claim(7)), ...keepers.slice(1)])
    expect(outbid.step).toMatchObject({ _tag: "Again", above: 7, isOutbid: true })
    const later = takeSeat(seats, replica("c", "c2"))
    const told = run(
      begin(swap(0, "x"), 2),
      keepers.map(({ self }) => fresh(self, later))
    )
    expect(told.step).toMatchObject({ _tag: "Again", seats: later, isOutbid: false })
  })
})
