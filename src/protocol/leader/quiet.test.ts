/** When a leader falls silent, and what has it speak again. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, SessionId, Slot } from "../ids.ts"
import { keepAliveEntry } from "../log/entry.ts"
import { logThrough, replica, serving } from "../membership/membership.test-support.ts"
import type { Output } from "../step.ts"
import { defaultLeaderSettings, type LeaderInput } from "./input.ts"
import { leaderStep } from "./leader.ts"
import type { LeaderState, Serving } from "./state.ts"

const acceptors = [replica("A"), replica("B")]
const settings = { ...defaultLeaderSettings, quietAfterMs: 3000 }
const log = logThrough(7)

/** All is chosen through 7; the acceptors have answered these rounds. */
const leading = (confirmed: readonly [number, number], change: Partial<Serving> = {}): Serving => {
  const one = { acknowledged: Slot(7), next: Slot(8), behind: false, moved: false, leaseUntilMs: 0 }
  const progress = new Map(
    acceptors.map(({ node }, index) => [node, { ...one, confirmed: confirmed[index]! }])
  )
  return serving(acceptors, 7, { settings, progress, round: 5, beatRound: 5, toldAfter: 4, ...change })
}

const beat: LeaderInput = { _tag: "TimerFired", timer: "heartbeat" }
const submission: LeaderInput = {
  _tag: "Submit",
  client: ClientId("c"),
  submission: 1,
  bytes: keepAliveEntry(SessionId(1))
}
const tags = (outputs: ReadonlyArray<Output>) =>
  outputs.map((output) => ("timer" in output ? `${output._tag} ${output.timer}` : output._tag))
const isSilent = (state: LeaderState) => state._tag === "Serving" && state.isSilent

describe("a leader of which nobody wants anything", () => {
  it("falls silent when the time is over, and leaves no timer behind", () => {
    expect(isSilent(leaderStep(leading([5, 5]), log, beat, 2999).state)).toBe(false)
    const step = leaderStep(leading([5, 5]), log, beat, 3000)
    expect(isSilent(step.state)).toBe(true)
    expect(tags(step.outputs)).toEqual(["CancelTimer retransmit"])
  })

  it("beats on as long as an acceptor has not answered a round that told what is chosen", () => {
    const step = leaderStep(leading([5, 4]), log, beat, 9000)
    expect(isSilent(step.state)).toBe(false)
    expect(tags(step.outputs)).toEqual(["Send", "SetTimer heartbeat"])
  })

  it("counts the time from the last round that was more than a beat, and from the last read", () => {
    const proposed = leaderStep(leading([6, 6], { round: 6 }), log, beat, 9000).state
    expect(proposed).toMatchObject({ busyAtMs: 9000, isSilent: false })
    const reading = leading([5, 5], {
      newReads: [{ _tag: "Query", client: ClientId("c"), question: 1, queries: [] }],
      progress: new Map(
        [...leading([5, 5]).progress].map(([node, of]) => [node, { ...of, leaseUntilMs: 9999 }])
      )
    })
    expect(leaderStep(reading, log, { _tag: "Flush", wallMs: 0 }, 9000).state).toMatchObject({
      busyAtMs: 9000
    })
  })

  it("beats twice as rarely each time, up to eight intervals, but not as long as its lease is wanted", () => {
    const beats = (change: Partial<Serving>, nowMs: number) => {
      const state = leaderStep(leading([5, 5], { busyAtMs: 1, ...change }), log, beat, nowMs).state
      return state._tag === "Serving" ? state.beatMs : undefined
    }
    expect([50, 100, 200, 400].map((beatMs) => beats({ beatMs }, 2000))).toEqual([100, 200, 400, 400])
    expect(beats({ beatMs: 400, leaseMs: 200, askedAtMs: 1001 }, 2000)).toBe(50)
    expect(beats({ beatMs: 400, leaseMs: 200, askedAtMs: 1000 }, 2000)).toBe(400)
    expect(beats({ beatMs: 400, round: 6 }, 2000)).toBe(50)
    expect(beats({ beatMs: 400, toldAfter: 5 }, 2000)).toBe(50)
  })

  it("never falls silent where that is not wanted", () => {
    const step = leaderStep(leading([5, 5], { settings: defaultLeaderSettings }), log, beat, 1e9)
    expect(isSilent(step.state)).toBe(false)
  })
})

describe("a silent leader", () => {
  const silent = leading([5, 5], { isSilent: true })

  it("takes no notice of timers that were on their way", () => {
    for (const timer of ["heartbeat", "retransmit"] as const)
      expect(leaderStep(silent, log, { _tag: "TimerFired", timer }, 1).outputs).toEqual([])
  })

  it("goes on with both timers when something is to be done", () => {
    const step = leaderStep(silent, log, submission, 50)
    expect(step.state).toMatchObject({ isSilent: false, busyAtMs: 50 })
    expect(tags(step.outputs)).toEqual(["SetTimer heartbeat", "SetTimer retransmit"])
  })

  it("tells everything once more when it is roused, and waits for all to have heard it", () => {
    const step = leaderStep(silent, log, { _tag: "Rouse", ballot: Ballot(2) }, 50)
    expect(step.state).toMatchObject({ isSilent: false, toldAfter: 5, round: 6 })
    expect(tags(step.outputs)).toEqual(["Send", "SetTimer heartbeat", "SetTimer retransmit"])
  })

  it("is not roused by who means another ballot", () => {
    const step = leaderStep(silent, log, { _tag: "Rouse", ballot: Ballot(1) }, 50)
    expect(step).toEqual({ state: silent, outputs: [] })
  })
})
