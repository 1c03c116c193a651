/** Which acknowledgements an acceptor leaves to the client that it has told, and for how long. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, noSlot, Slot } from "../ids.ts"
import { logThrough, replica } from "../membership/membership.test-support.ts"
import type { Accept } from "../messages.ts"
import type { Output, Step } from "../step.ts"
import { type AcceptorState, acceptorStep, debtDue } from "./acceptor.ts"
import { freshGrants } from "./lease.ts"

const [a, b] = [replica("A"), replica("B")]
const configuration = { ballot: Ballot(2), generation: 0, leader: a, acceptors: [a, b] }
const run = { ballot: Ballot(2), first: Slot(6), count: 1, atMs: 0, bytes: new Uint8Array(1) }
const log = logThrough(5)

const fresh: AcceptorState = {
  self: b,
  promised: Ballot(2),
  chosen: Slot(5),
  configuration,
  grants: freshGrants(200, 0, 0)
}

const accept = (change: Partial<Accept> = {}): Accept => ({
  _tag: "Accept",
  configuration,
  prevSlot: Slot(5),
  prevSlotBallot: Ballot(2),
  runs: [run],
  chosen: Slot(5),
  round: 7,
  leaseMs: 200,
  tells: ClientId("c"),
  ...change
})

const heartbeat = accept({ runs: [], tells: undefined })

type Played = Step<AcceptorState>

const receive = (before: Played, message: Accept, nowMs: number): Played =>
  acceptorStep(before.state, log, a, message, nowMs)

/** Has told a client before, and has just acknowledged a heartbeat, at 100 ms. */
const ready = receive(receive({ state: fresh, outputs: [] }, accept(), 10), heartbeat, 100)

/** What leaves after the sync, and what at once. */
const said = (outputs: ReadonlyArray<Output>): ReadonlyArray<string> =>
  outputs.flatMap((output) => {
    if (output._tag !== "Persist")
      return output._tag === "SetTimer" ? [`${output.timer} ${output.afterMs}`] : []
    return output.release.map((free) => (free._tag === "Send" ? free.message._tag : free._tag))
  })

describe("an acknowledgement", () => {
  it("of a command whose client is told waits, and a timer looks at it", () => {
    expect(said(receive(ready, accept(), 101).outputs)).toEqual(["TellClient", "owed 2"])
  })

  it("leaves at once where nobody else is told, or it says something more", () => {
    const refusing = { ...ready, state: { ...ready.state, grants: { ...fresh.grants, released: Ballot(2) } } }
    expect(said(receive(ready, accept({ tells: undefined }), 101).outputs)).toEqual(["Accepted"])
    expect(said(receive(ready, accept({ runs: [] }), 101).outputs)).toEqual(["TellClient", "Accepted"])
    expect(said(receive(refusing, accept(), 101).outputs)).toEqual(["TellClient", "Accepted"])
  })

  it("leaves at once where the leader has not heard of this acceptor for 20 ms", () => {
    expect(said(receive(ready, accept(), 120).outputs)).toEqual(["TellClient", "Accepted"])
    expect(said(receive({ state: fresh, outputs: [] }, accept(), 0).outputs)).toEqual([
      "TellClient",
      "Accepted"
    ])
  })

  it("that waited is not paid for by a later one of less, as of a heartbeat", () => {
    const owing = receive(ready, accept(), 101)
    const beaten = receive(owing, accept({ runs: [], tells: undefined, round: 8 }), 102)
    expect(said(beaten.outputs)).toEqual(["Accepted"])
    expect(debtDue(beaten.state, 103).outputs).toMatchObject([
      { _tag: "Persist", release: [{ message: { _tag: "Accepted", lastSlot: 6 } }] }
    ])
  })

  it("that waited leaves when nothing else was said for 2 ms, behind the sync of its write", () => {
    const owing = receive(ready, accept(), 101)
    const early = debtDue(owing.state, 102)
    expect(said(early.outputs)).toEqual(["owed 1"])
    const { state, outputs } = debtDue(early.state, 103)
    expect(outputs).toMatchObject([
      { _tag: "Persist", release: [{ to: ["A"], message: { _tag: "Accepted", lastSlot: 6, round: 7 } }] }
    ])
    expect(debtDue(state, 104).outputs).toEqual([])
  })

  it("that waited gives way to a later one, for they are cumulative; one timer serves all", () => {
    const owing = receive(ready, accept(), 101)
    const again = receive(owing, accept({ round: 8 }), 102)
    expect(said(again.outputs)).toEqual(["TellClient"])
    expect(debtDue(again.state, 104).outputs).toMatchObject([{ release: [{ message: { round: 8 } }] }])
    const told = acceptorStep(owing.state, logThrough(6), a, { ...heartbeat, prevSlot: Slot(6) }, 102)
    expect(said(told.outputs)).toEqual(["Accepted"])
    expect(debtDue(told.state, 104).outputs).toEqual([])
  })

  it("that waited is not replaced, nor paid for, by what an older Accept that comes late covers", () => {
    const second = accept({ prevSlot: Slot(6), runs: [{ ...run, first: Slot(7) }], round: 8 })
    const through6 = logThrough(6)
    const owing = receive(ready, accept(), 101)
    const further = acceptorStep(owing.state, through6, a, second, 101)
    const owes = { _tag: "Accepted", lastSlot: 7, round: 8 }
    for (const late of [accept(), accept({ tells: undefined }), heartbeat]) {
      const { state } = acceptorStep(further.state, logThrough(7), a, { ...late, round: 6 }, 102)
      expect(debtDue(state, 104).outputs).toMatchObject([{ release: [{ message: owes }] }])
    }
    const again = acceptorStep(further.state, logThrough(7), a, accept({ round: 9 }), 102)
    expect(debtDue(again.state, 104).outputs).toMatchObject([
      { release: [{ message: { ...owes, round: 9 } }] }
    ])
  })

  it("is not owed any more to a leader that the acceptor has turned away from", () => {
    const { state } = receive(ready, accept(), 101)
    expect(debtDue({ ...state, promised: Ballot(3) }, 104).outputs).toEqual([])
  })

  it("of the leader's own acceptor never waits", () => {
    const own = { ...ready, state: { ...ready.state, self: a, chosen: noSlot } }
    expect(said(receive(own, accept(), 101).outputs)).toEqual(["Accepted"])
  })
})
