/** What a leader that serves sends on and answers: what it has sent waits no more, and reads take a round. */
import { describe, expect, it } from "vitest"
import { ClientId, type Replica, Slot } from "../ids.ts"
import { openEntry } from "../log/entry.ts"
import {
  acceptedBy,
  flush,
  logThrough,
  playOn,
  replica,
  serving
} from "../membership/membership.test-support.ts"
import { freshProgress, withProgress } from "../replication/progress.ts"
import type { Output } from "../step.ts"
import { defaultLeaderSettings, type LeaderInput } from "./input.ts"
import type { Serving } from "./state.ts"

const [a, b, c] = [replica("A"), replica("B"), replica("C")]
const three = [a, b, c]
const client = ClientId("c")
const log = logThrough(5)

/** Leads, has chosen all 5 slots, and every acceptor has answered its round 7. */
const leading = (change: Partial<Serving> = {}): Serving => {
  const state = serving(three, 5, { round: 7, ...change })
  let progress = freshProgress(state.configuration, Slot(6))
  for (const { node } of three)
    progress = withProgress(progress, node, { acknowledged: Slot(5), confirmed: 7 })
  return { ...state, progress }
}

const play = (before: Serving, ...inputs: ReadonlyArray<LeaderInput>) => playOn(log, before, inputs)

const ask: LeaderInput = { _tag: "Query", client, question: 1, queries: [] }
const submit: LeaderInput = { _tag: "Submit", client, submission: 1, bytes: openEntry(client) }
const accepted = (from: Replica, round: number, lastSlot = 5) => acceptedBy(from, lastSlot, round)
const everybody = (round: number, lastSlot = 5) => three.map((one) => accepted(one, round, lastSlot))
const tags = (outputs: ReadonlyArray<Output>) => outputs.map(({ _tag }) => _tag)

describe("a leader that has sent on what it took", () => {
  it("has room for as much again, however much it has taken in all", () => {
    const { bytes } = submit
    const settings = { ...defaultLeaderSettings, pendingMaxBytes: 2 * bytes.length, windowMax: 10 }
    let state = leading({ settings })
    for (let round = 1; round <= 5; round++) {
      const taken = play(state, submit, submit)
      expect(tags(taken.outputs), `round ${round}`).toEqual([])
      expect(tags(play(taken.state, submit).outputs)).toEqual(["RefuseSubmit"])
      state = play(taken.state, flush).state
      expect([state.pending.length, state.pendingBytes]).toEqual([0, 0])
    }
  })

  it("counts what the window has no room for as waiting still", () => {
    const { bytes } = submit
    const settings = { ...defaultLeaderSettings, windowMax: 1, batchMaxBytes: bytes.length }
    const { state } = play(leading({ settings }), submit, submit, submit, flush)
    expect([state.pending.length, state.pendingBytes]).toEqual([2, 2 * bytes.length])
  })
})

describe("a read without a lease", () => {
  it("takes a round of its own: answers to what was sent before it came say nothing", () => {
    const asked = play(leading(), ask, flush)
    expect(asked.outputs).toMatchObject([{ _tag: "Send", message: { _tag: "Accept", round: 8, runs: [] } }])
    const late = play(asked.state, ...everybody(7))
    expect([tags(late.outputs), late.state.reads.length]).toEqual([[], 1])
    expect(play(late.state, ...everybody(8)).outputs).toMatchObject([{ _tag: "Answer", slot: 5 }])
  })

  it("does not join the round of a read before it, which is under way", () => {
    const first = play(leading(), ask, flush)
    const second = play(first.state, ask, flush)
    expect(second.state.reads.map(({ round }) => round)).toEqual([8, 9])
    const { state, outputs } = play(second.state, ...everybody(8))
    expect([tags(outputs), state.reads.map(({ round }) => round)]).toEqual([["Answer"], [9]])
  })

  it("joins a proposal that goes out after it came", () => {
    const { state, outputs } = play(leading(), ask, submit, flush)
    expect(outputs).toMatchObject([{ _tag: "Send", message: { _tag: "Accept", round: 8 } }])
    expect(state.reads).toMatchObject([{ round: 8, slot: 5 }])
  })

  it("needs the word of every acceptor, and is asked again with the next beat", () => {
    const asked = play(leading(), ask, flush, accepted(a, 8), accepted(b, 8))
    expect(asked.outputs).toEqual([])
    const beaten = play(asked.state, { _tag: "TimerFired", timer: "heartbeat" })
    expect(beaten.outputs).toMatchObject([{ _tag: "Send", message: { round: 9 } }, { _tag: "SetTimer" }])
    expect(tags(play(beaten.state, accepted(c, 9)).outputs)).toEqual(["Answer"])
  })
})
