/** When a leader has acceptors tell a client, what it foretells, and which reads wait for it. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, type Replica, RequestNumber, SessionId, Slot } from "../ids.ts"
import { commandOverheadBytes, keepAliveEntry, writeCommand } from "../log/entry.ts"
import {
  acceptedBy,
  flush,
  logThrough,
  playOn,
  replica,
  serving
} from "../membership/membership.test-support.ts"
import type { Accept, Counted } from "../messages.ts"
import { freshProgress, withProgress } from "../replication/progress.ts"
import type { Output } from "../step.ts"
import { defaultLeaderSettings, type LeaderInput } from "./input.ts"
import type { Serving } from "./state.ts"

const [a, b, c] = [replica("A"), replica("B"), replica("C")]
const client = ClientId("c")

const log = logThrough(5)

const commandOf = (number: number): Uint8Array => {
  const bytes = new Uint8Array(commandOverheadBytes + 1)
  writeCommand(bytes, 0, SessionId(1), RequestNumber(number), 0, new Uint8Array(1))
  return bytes
}

/** Leads, has chosen all 5 slots, and nothing is under way. */
const quiet = (acceptors: ReadonlyArray<Replica>, change: Partial<Serving> = {}): Serving => {
  const state = serving(acceptors, 5, { settings: { ...defaultLeaderSettings, foretells: true }, ...change })
  let progress = freshProgress(state.configuration, Slot(6))
  for (const { node } of acceptors) progress = withProgress(progress, node, { acknowledged: Slot(5) })
  return { ...state, progress, ...change }
}

const play = (before: Serving, ...inputs: ReadonlyArray<LeaderInput>) => playOn(log, before, inputs)

const submit = (bytes: Uint8Array, counted?: Counted): LeaderInput => ({
  _tag: "Submit",
  client,
  submission: 1,
  bytes,
  counted
})
const ask: LeaderInput = { _tag: "Query", client, question: 1, queries: [] }
const accepted = (from: Replica, lastSlot: number, round = 2) => acceptedBy(from, lastSlot, round)

const told = (outputs: ReadonlyArray<Output>): ClientId | undefined => {
  for (const output of outputs)
    if (output._tag === "Send" && output.message._tag === "Accept") return (output.message as Accept).tells
  throw new Error("no Accept was sent")
}

describe("acceptors tell the client", () => {
  it("of a single command, while nothing else is under way", () => {
    const { state, outputs } = play(quiet([a, b, c]), submit(commandOf(1)), flush)
    expect(told(outputs)).toBe(client)
    expect(state.told).toBe(6)
  })

  it("of nothing else: two commands, another entry, one that follows what is in flight", () => {
    const three = [a, b, c]
    const silent: ReadonlyArray<readonly [Serving, ReadonlyArray<LeaderInput>]> = [
      [quiet(three), [submit(commandOf(1)), submit(commandOf(2)), flush]],
      [quiet(three), [submit(Buffer.concat([commandOf(1), commandOf(2)])), flush]],
      [quiet(three), [submit(keepAliveEntry(SessionId(1))), flush]],
      [quiet(three), [submit(commandOf(1)), flush, submit(commandOf(2)), flush]],
      [quiet([a]), [submit(commandOf(1)), flush]],
      [quiet(three, { settings: defaultLeaderSettings }), [submit(commandOf(1)), flush]]
    ]
    for (const [state, inputs] of silent) expect(told(play(state, ...inputs).outputs)).toBeUndefined()
  })

  it("of none while an acceptor is behind: it gets the command in its turn", () => {
    const state = quiet([a, b, c])
    const progress = withProgress(state.progress, c.node, { behind: true })
    expect(told(play({ ...state, progress }, submit(commandOf(1)), flush).outputs)).toBeUndefined()
  })
})

/** Its acceptors are to tell the client of slot 6, and none of them has said anything. */
const under = () => play(quiet([a, b, c]), submit(commandOf(1)), flush).state

describe("a leader foretells", () => {
  const foretells = (outputs: ReadonlyArray<Output>) => outputs.filter(({ _tag }) => _tag === "Foretell")

  it("once its own acceptor has synced the command, and once", () => {
    const others = play(under(), accepted(b, 6))
    expect(foretells(others.outputs)).toEqual([])
    const own = play(under(), accepted(a, 6))
    expect(foretells(own.outputs)).toMatchObject([{ slot: 6, configuration: { acceptors: [a, b, c] } }])
    expect(foretells(play(own.state, accepted(a, 6)).outputs)).toEqual([])
  })

  it("nothing that is chosen already", () => {
    const { outputs } = play(under(), accepted(b, 6), accepted(c, 6), accepted(a, 6))
    expect(outputs.map(({ _tag }) => _tag)).toEqual(["Apply"])
  })

  it("and answers no read from before what a client may have been told", () => {
    const asked = play(under(), ask, flush)
    expect(asked.state.reads).toMatchObject([{ slot: 6 }])
    const leased = under()
    let { progress } = leased
    for (const { node } of [a, b, c]) progress = withProgress(progress, node, { leaseUntilMs: 100 })
    expect(play({ ...leased, progress }, ask, flush).outputs).toMatchObject([{ _tag: "Answer", slot: 6 }])
  })
})

describe("a read by a round, while acceptors owe the leader what they told a client", () => {
  const [slot, round] = [6, 3]
  /** They answer the round, which is about what was chosen when it went out, before they pay. */
  const answered = (inputs: ReadonlyArray<LeaderInput>) =>
    play(
      under(),
      accepted(a, slot),
      ...inputs,
      accepted(a, slot, round),
      accepted(b, 5, round),
      accepted(c, 5, round)
    )

  it("is answered from what the client was told, though the round is over before that is counted", () => {
    for (const inputs of [
      [ask, flush],
      [{ _tag: "AskByRound", queries: [{ client, question: 1, queries: [] }] } as unknown as LeaderInput]
    ]) {
      const { state, outputs } = answered(inputs)
      expect(outputs).toMatchObject([{ _tag: "Answer", slot, lease: undefined }])
      expect(state.chosen).toBe(5)
    }
  })
})

describe("what a client has counted", () => {
  const counted: Counted = { ballot: Ballot(2), slot: Slot(6) }
  const told = () => play(quiet([a, b, c]), submit(commandOf(1)), flush, accepted(a, 6)).state

  it("is chosen with its next command, which is the only one under way then", () => {
    const { state, outputs } = play(told(), submit(commandOf(2), counted))
    expect(outputs).toMatchObject([{ _tag: "Apply", through: 6, answer: true }])
    const next = play(state, flush)
    expect(next.state).toMatchObject({ chosen: 6, told: 7 })
    expect(next.outputs).toMatchObject([{ message: { _tag: "Accept", tells: client, chosen: 6 } }])
  })

  it("is chosen with its next question, which is answered from there", () => {
    const { outputs } = play(told(), { _tag: "Query", client, question: 1, queries: [], counted })
    expect(outputs).toMatchObject([{ _tag: "Apply", through: 6 }])
  })

  it("is believed of nothing but the slot that it was to be told, in this ballot", () => {
    const strange: ReadonlyArray<Counted> = [
      { ballot: Ballot(1), slot: Slot(6) },
      { ballot: Ballot(2), slot: Slot(5) },
      { ballot: Ballot(2), slot: Slot(7) }
    ]
    for (const one of strange) expect(play(told(), submit(commandOf(2), one)).outputs).toEqual([])
    const untold = play(quiet([a, b, c]), submit(commandOf(1)), submit(commandOf(2)), flush, accepted(a, 7))
    const last = { ballot: Ballot(2), slot: Slot(7) }
    expect(play(untold.state, submit(commandOf(3), last)).outputs).toEqual([])
  })

  it("counts for the others: without its own acceptor a leader goes nowhere", () => {
    const { state } = play(quiet([a, b, c]), submit(commandOf(1)), flush)
    expect(play(state, submit(commandOf(2), counted)).outputs).toEqual([])
  })
})
