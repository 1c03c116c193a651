/** A replica outside of the active configuration takes chosen entries in; one that votes never does. */
import { describe, expect, it } from "vitest"
import type { AcceptorState } from "../acceptor/acceptor.ts"
import { freshGrants } from "../acceptor/lease.ts"
import { Ballot, NodeId, noSlot, type Replica, Slot, StorageId } from "../ids.ts"
import { startedEntry } from "../log/entry.ts"
import { ballotIn, type LogView, lastOf, lastSlotOfBallotIn, noBase, type Stretches } from "../log/view.ts"
import { type Installed, installStep, isOutside, type Learned, learnStep } from "./outsider.ts"

const replica = (name: string): Replica => ({ node: NodeId(name), storage: StorageId("1") })
const [a, b, c] = ["A", "B", "C"].map(replica) as [Replica, Replica, Replica]

/** A log whose entries through each slot are of that ballot. */
const logOf = (
  promised: number,
  ...stretches: ReadonlyArray<readonly [ballot: number, last: number]>
): LogView => {
  const of: Stretches = stretches.map(([ballot, last]) => ({ ballot: Ballot(ballot), last: Slot(last) }))
  return {
    promised: Ballot(promised),
    base: noBase,
    first: Slot(1),
    last: lastOf(of),
    ballotAt: (slot) => ballotIn(of, slot),
    lastSlotOfBallot: (ballot, slot) => lastSlotOfBallotIn(of, ballot, slot),
    read: () => []
  }
}

const acceptor = (promised: number, chosen: number): AcceptorState => ({
  self: c,
  promised: Ballot(promised),
  chosen: Slot(chosen),
  configuration: undefined,
  grants: freshGrants(0, 0, 0)
})

const active = (ballot: number, generation = 0, acceptors = [a, b]) => ({
  ballot: Ballot(ballot),
  generation,
  leader: a,
  acceptors
})

const run = (ballot: number, first: number) => ({
  ballot: Ballot(ballot),
  first: Slot(first),
  count: 1,
  atMs: 0,
  bytes: startedEntry(1)
})

const learned = (from: number, ballots: ReadonlyArray<number>, of = active(4)): Learned => ({
  _tag: "Learned",
  active: of,
  first: Slot(from),
  runs: ballots.map((ballot, index) => run(ballot, from + index))
})

describe("a replica is outside", () => {
  it("where a configuration was active without it, at or above all that it has promised", () => {
    expect(isOutside(acceptor(3, 0), active(4))).toBe(true)
    expect(isOutside(acceptor(4, 0), active(4, 1))).toBe(true)
    expect(isOutside(acceptor(5, 0), active(4))).toBe(false)
    expect(isOutside(acceptor(3, 0), active(4, 0, [a, b, c]))).toBe(false)
  })

  it("under another disk, where its node votes with the old one", () => {
    const old = { ...c, storage: StorageId("0") }
    expect(isOutside(acceptor(0, 0), active(4, 0, [a, old]))).toBe(true)
  })
})

describe("what a replica outside learns", () => {
  it("replaces what it once voted for, from the first entry that differs on", () => {
    const step = learnStep(acceptor(3, 1), logOf(3, [1, 2], [3, 5]), learned(2, [1, 2, 4]))
    expect(step.state).toMatchObject({ promised: 4, chosen: 4, configuration: { ballot: 4 } })
    expect(step.outputs.find(({ _tag }) => _tag === "Persist")).toMatchObject({
      records: [
        { _tag: "Promised", ballot: 4 },
        { _tag: "Appended", run: { first: 3, ballot: 2 } },
        { _tag: "Appended", run: { first: 4, ballot: 4 } },
        { _tag: "Chosen", slot: 4 }
      ],
      release: [{ _tag: "Apply", through: 4, answer: false }]
    })
  })

  it("leaves what agrees where it is, with all that is behind it", () => {
    const step = learnStep(acceptor(4, 1), logOf(4, [1, 5]), learned(2, [1, 1], active(4, 1)))
    expect(step.outputs).toMatchObject([{ records: [{ _tag: "Chosen", slot: 3 }] }])
  })

  it("is promised before anything else: a leader here that knows of nothing ends by it", () => {
    const step = learnStep(acceptor(3, 1), logOf(3, [1, 1]), learned(2, []))
    expect(step.state.promised).toBe(4)
    expect(step.outputs).toMatchObject([{ _tag: "Note" }, { records: [{ _tag: "Promised", ballot: 4 }] }])
  })

  it("promises the ballot of what it learns, where that is the later one", () => {
    const step = learnStep(acceptor(3, 0), logOf(3), learned(1, [1, 6]))
    expect(step.state).toMatchObject({ promised: 6, chosen: 2 })
    expect(learnStep(step.state, logOf(6, [1, 1], [6, 2]), learned(3, [6])).state).toBe(step.state)
  })

  it("must go on from what it knows to be chosen", () => {
    const state = acceptor(3, 1)
    const step = learnStep(state, logOf(3, [1, 1]), learned(4, [4]))
    expect(step).toMatchObject({ state, outputs: [{ note: { _tag: "Ignored" } }] })
  })

  it("is no news when it comes twice", () => {
    const first = learnStep(acceptor(0, 0), logOf(0), learned(1, [1]))
    const again = learnStep(first.state, logOf(4, [1, 1]), learned(1, [1]))
    expect(again).toMatchObject({ state: first.state, outputs: [] })
  })

  it("is refused by an acceptor of that ballot, and by one that promised a higher ballot", () => {
    for (const [state, of] of [
      [acceptor(3, noSlot), active(4, 0, [a, b, c])],
      [acceptor(5, noSlot), active(4)]
    ] as const) {
      const step = learnStep(state, logOf(state.promised), learned(1, [1], of))
      expect(step).toMatchObject({ state, outputs: [{ note: { _tag: "Ignored" } }] })
    }
  })
})

describe("a snapshot put under a log", () => {
  const installed = (slot: number, ballot: number, of = active(4)): Installed => ({
    _tag: "Installed",
    active: of,
    base: { slot: Slot(slot), ballot: Ballot(ballot), atMs: 9 }
  })
  const recordsOf = (step: ReturnType<typeof installStep>) =>
    step.outputs.flatMap((output) => (output._tag === "Persist" ? output.records : []))

  it("begins the log, and promises the active ballot, where the log differs or does not reach", () => {
    for (const log of [logOf(1), logOf(1, [1, 10]), logOf(1, [1, 80])]) {
      const step = installStep(acceptor(1, 5), log, installed(50, 3))
      expect(recordsOf(step)).toMatchObject([
        { _tag: "Promised", ballot: 4 },
        { _tag: "Rewritten", base: { slot: 50, ballot: 3 }, runs: [] },
        { _tag: "Chosen", slot: 50 }
      ])
      expect(step.state).toMatchObject({ promised: 4, chosen: 50 })
    }
  })

  it("keeps what follows in a log that has its last entry", () => {
    const step = installStep(acceptor(4, 5), logOf(4, [3, 60]), installed(50, 3))
    expect(recordsOf(step)).toMatchObject([
      { _tag: "Based", base: { slot: 50 } },
      { _tag: "Chosen", slot: 50 }
    ])
    // What follows may never have been chosen.
    expect(step.state.chosen).toBe(50)
  })

  it("is taken by a new acceptor that its leader cannot reach, which keeps its promise", () => {
    const step = installStep(acceptor(6, 5), logOf(6, [1, 10]), installed(50, 3))
    expect(recordsOf(step).map(({ _tag }) => _tag)).toEqual(["Rewritten", "Chosen"])
    expect(step.state).toMatchObject({ promised: 6, chosen: 50 })
  })

  it("has its ballot promised, where that is above every one that was heard of", () => {
    const step = installStep(acceptor(1, 5), logOf(1), installed(50, 6))
    expect(recordsOf(step)[0]).toEqual({ _tag: "Promised", ballot: 6 })
    expect(step.state.promised).toBe(6)
  })

  it("is refused by who votes in the active ballot, and by who knows as much as chosen", () => {
    const votes = installStep(acceptor(4, 5), logOf(4, [1, 10]), installed(50, 3, active(4, 0, [a, c])))
    expect(recordsOf(votes)).toEqual([])
    const newer = installStep(acceptor(4, 50), logOf(4, [3, 60]), installed(50, 3))
    expect(recordsOf(newer)).toEqual([])
  })
})
