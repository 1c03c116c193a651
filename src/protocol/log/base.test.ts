/** Logs whose beginning was cut off: what acceptors and leaders make of each other's then. */
import { describe, expect, it } from "vitest"
import { type AcceptorState, acceptorStep } from "../acceptor/acceptor.ts"
import { freshGrants } from "../acceptor/lease.ts"
import { Ballot, NodeId, noSlot, type Replica, Slot, StorageId } from "../ids.ts"
import { defaultLeaderSettings, type LeaderInput } from "../leader/input.ts"
import { idleLeader, leaderStep } from "../leader/leader.ts"
import type { LeaderState } from "../leader/state.ts"
import type { Accept, FromAcceptor, Prepare } from "../messages.ts"
import type { Free, Output } from "../step.ts"
import { startedEntry } from "./entry.ts"
import {
  type Base,
  ballotAbove,
  type LogView,
  lastOf,
  lastSlotOfBallotAbove,
  stretchesFrom,
  stretchesWith
} from "./view.ts"

const replica = (name: string): Replica => ({ node: NodeId(name), storage: StorageId(`${name}1`) })
const [a, b, c] = [replica("a"), replica("b"), replica("c")]
const settings = defaultLeaderSettings
const entry = startedEntry(60_000)

/**
 * A log of ballot 1 that begins behind `first - 1` and ends at `last`; entries can only be read from there.
 */
const logOf = (first: number, last: number, promised: number, ballot = 1): LogView => {
  const base: Base = { slot: Slot(first - 1), ballot: Ballot(first > 1 ? ballot : 0), atMs: 77 }
  const run = { ballot: Ballot(ballot), first: Slot(first), count: last - first + 1 }
  const stretches = last < first ? stretchesFrom(base) : stretchesWith(stretchesFrom(base), run)
  return {
    promised: Ballot(promised),
    base,
    first: Slot(first),
    last: lastOf(stretches),
    ballotAt: (slot) => ballotAbove(base, stretches, slot),
    lastSlotOfBallot: (of, slot) => lastSlotOfBallotAbove(base, stretches, of, slot),
    read: (from, through) => {
      if (from < first || through > last) throw new RangeError(`there is no entry from ${from} to ${through}`)
      const count = through - from + 1
      const bytes = new Uint8Array(entry.length * count)
      for (let index = 0; index < count; index++) bytes.set(entry, index * entry.length)
      return [{ ballot: Ballot(ballot), first: from, count, atMs: 5, bytes }]
    }
  }
}

const configuration = { ballot: Ballot(2), generation: 0, leader: a, acceptors: [a, b] }
const prev = { ...configuration, ballot: Ballot(1) }
const acceptorOf = (self: Replica): AcceptorState => ({
  self,
  promised: Ballot(1),
  chosen: Slot(100),
  configuration: undefined,
  grants: freshGrants(0, 0, 0)
})

const sent = (outputs: ReadonlyArray<Output>): ReadonlyArray<Extract<Free, { _tag: "Send" }>["message"]> =>
  outputs.flatMap((output) =>
    output._tag === "Persist" ? sent(output.release) : output._tag === "Send" ? [output.message] : []
  )

const accept = (prevSlot: number, prevSlotBallot: number): Accept => ({
  _tag: "Accept",
  configuration,
  prevSlot: Slot(prevSlot),
  prevSlotBallot: Ballot(prevSlotBallot),
  runs: [{ ballot: Ballot(2), first: Slot(prevSlot + 1), count: 1, atMs: 1, bytes: entry }],
  chosen: noSlot,
  round: 3,
  leaseMs: 0
})

describe("an acceptor with a base", () => {
  it("answers a Prepare from what it still holds", () => {
    const message: Prepare = { _tag: "Prepare", configuration, prev, fromSlot: Slot(20) }
    const { outputs } = acceptorStep(acceptorOf(b), logOf(101, 110, 1), a, message, 0)
    expect(sent(outputs)[0]).toMatchObject({
      _tag: "Prepared",
      prevSlot: 100,
      prevSlotBallot: 1,
      lastSlot: 110
    })
  })

  it("takes what follows its base", () => {
    const { outputs } = acceptorStep(acceptorOf(b), logOf(101, 100, 1), a, accept(100, 1), 0)
    expect(sent(outputs)[0]).toMatchObject({ _tag: "Accepted", lastSlot: 101 })
  })

  it("changes nothing below its base, and names it", () => {
    for (const below of [accept(0, 0), accept(50, 1), accept(99, 1)]) {
      const { outputs } = acceptorStep(acceptorOf(b), logOf(101, 110, 1), a, below, 0)
      expect(sent(outputs)[0]).toMatchObject({ _tag: "Gap", hintSlot: 100, hintBallot: 1 })
      const records = outputs.flatMap((output) => (output._tag === "Persist" ? output.records : []))
      expect(records.map(({ _tag }) => _tag)).toEqual(["Promised"])
    }
  })

  it("names its base where all that it holds is of newer ballots", () => {
    const { outputs } = acceptorStep(acceptorOf(b), logOf(101, 110, 1, 2), a, accept(109, 1), 0)
    expect(sent(outputs)[0]).toMatchObject({ _tag: "Gap", hintSlot: 100, hintBallot: 2 })
  })
})

/** A leader of ballot 2 that has prepared over this log. */
const prepared = (log: LogView, of = prev): { state: LeaderState; messages: ReadonlyArray<unknown> } => {
  let state: LeaderState = idleLeader(a)
  const take = (input: LeaderInput) => {
    const step = leaderStep(state, log, input, 0)
    state = step.state
    return sent(step.outputs)
  }
  take({ _tag: "Start", token: "t", acceptors: [a, b], settings })
  const messages = take({
    _tag: "FromMaster",
    reply: { _tag: "Issued", requestId: "t/ballot", configuration, prev: of }
  })
  return { state, messages }
}

const answer = (prevSlot: number, lastSlot: number): FromAcceptor => ({
  _tag: "Prepared",
  ballot: Ballot(2),
  lastSlot: Slot(lastSlot),
  prevSlot: Slot(prevSlot),
  prevSlotBallot: Ballot(1),
  runs: [],
  chosen: noSlot
})

const gap = (hintSlot: number, hintBallot: number): FromAcceptor => ({
  _tag: "Gap",
  ballot: Ballot(2),
  hintSlot: Slot(hintSlot),
  hintBallot: Ballot(hintBallot),
  round: 1
})

describe("a leader with a base", () => {
  const log = logOf(101, 110, 2)
  const carrying = () =>
    leaderStep(prepared(log).state, log, { _tag: "FromAcceptor", from: a, message: answer(110, 110) }, 0)

  it("carries what it holds to who lacks it", () => {
    const { state } = carrying()
    const step = leaderStep(state, log, { _tag: "FromAcceptor", from: b, message: gap(103, 1) }, 0)
    expect(sent(step.outputs)[0]).toMatchObject({ _tag: "Accept", prevSlot: 103, prevSlotBallot: 1 })
  })

  it("waits for the timer where an acceptor lacks what was cut off, then tries at the base", () => {
    let { state } = carrying()
    const step = leaderStep(state, log, { _tag: "FromAcceptor", from: b, message: gap(40, 1) }, 0)
    expect(sent(step.outputs)).toEqual([])
    state = step.state
    const again = leaderStep(state, log, { _tag: "TimerFired", timer: "retransmit" }, 0)
    expect(sent(again.outputs).at(-1)).toMatchObject({ _tag: "Accept", prevSlot: 100, prevSlotBallot: 1 })
  })

  it("serves over a log that a snapshot has emptied, with the time of its base", () => {
    const empty = logOf(111, 110, 2)
    let { state } = leaderStep(
      prepared(empty).state,
      empty,
      {
        _tag: "FromAcceptor",
        from: a,
        message: answer(110, 110)
      },
      0
    )
    for (const from of [a, b]) {
      const accepted = {
        _tag: "Accepted",
        ballot: Ballot(2),
        lastSlot: Slot(110),
        round: 1,
        grantedMs: 0
      } as const
      state = leaderStep(state, empty, { _tag: "FromAcceptor", from, message: accepted }, 0).state
    }
    const reply = { _tag: "Activated", requestId: "t/complete", configuration } as const
    state = leaderStep(state, empty, { _tag: "FromMaster", reply }, 0).state
    expect(state).toMatchObject({ _tag: "Serving", atMs: 77, last: 110 })
  })

  it("from outside does not copy from a source that has cut what it lacks, until a snapshot has come", () => {
    const outside = { ...prev, leader: b, acceptors: [b, c] }
    const own = logOf(1, 10, 2)
    const { state } = prepared(own, outside)
    const step = leaderStep(state, own, { _tag: "FromAcceptor", from: b, message: answer(100, 110) }, 0)
    expect(sent(step.outputs)).toEqual([])
    const installed = logOf(106, 105, 2)
    const again = leaderStep(step.state, installed, { _tag: "TimerFired", timer: "prepare-retry" }, 0)
    expect(sent(again.outputs)[0]).toMatchObject({ _tag: "Prepare", fromSlot: 106 })
  })
})
