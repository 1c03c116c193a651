/** Questions that any replica may answer find one that does, and end with a reason where none does. */
import { describe, expect, it } from "vitest"
import { ClientId, GroupId, NodeId, Slot } from "../protocol/ids.ts"
import type { LocalQuery } from "../protocol/messages.ts"
import { Surroundings } from "./discover.ts"
import { ReplicaReader } from "./replica-reader.ts"

const [near, far] = [NodeId("near"), NodeId("far")]

const driven = () => {
  const sent: Array<{ readonly to: string; readonly query: LocalQuery }> = []
  const heard: Array<unknown> = []
  const state = { nowMs: 0, looks: 0, refused: undefined as string | undefined }
  const reader = new ReplicaReader({
    client: ClientId("c"),
    group: GroupId("main"),
    nowMs: () => state.nowMs,
    send: (to, query) => {
      sent.push({ to, query })
      return state.refused
    },
    roomBytes: () => 1024 * 1024,
    look: () => state.looks++
  })
  const ask = (atLeast: number) => {
    const done = (answer: unknown, slot: number, failure: { readonly message: string } | undefined) =>
      heard.push(failure?.message ?? [answer, slot])
    reader.question({ bytes: Uint8Array.of(1), done, deadlineMs: state.nowMs + 5000, atLeast })
    reader.flush()
  }
  const pass = (ms: number) => {
    state.nowMs += ms
    reader.tick()
    reader.flush()
  }
  const found = (...replicas: ReadonlyArray<NodeId>) => {
    reader.found(replicas, new Surroundings("main"))
    reader.flush()
  }
  return { reader, sent, heard, state, ask, pass, found }
}

const behind = (question: number, applied: number) =>
  ({ _tag: "QueryRefused", question, refusal: { _tag: "Behind", applied: Slot(applied) } }) as const

describe("a reader of replicas", () => {
  it("asks the nearest, and tells the slot of the state that answered", () => {
    const { reader, sent, heard, ask, found } = driven()
    ask(7)
    found(near, far)
    expect(sent).toMatchObject([{ to: "near", query: { question: 1, atLeast: 7 } }])
    reader.heard({ _tag: "Answered", slot: Slot(9), flat: [1, ["yes"]] }, near)
    expect(heard).toEqual([["yes", 9]])
  })

  it("ends at once what the bus does not take, and stays with the replica", () => {
    const { heard, sent, state, ask, pass, found } = driven()
    found(near, far)
    state.refused = "a message of 9000 bytes is over the limit of the bus"
    ask(7)
    expect(heard).toEqual([`it was rejected: ${state.refused}`])
    state.refused = undefined
    pass(1000)
    ask(7)
    expect(sent.map(({ to }) => to)).toEqual(["near", "near"])
  })

  it("goes on to the next where the first is behind, does not answer, or is not there", () => {
    const { reader, sent, ask, found, pass } = driven()
    ask(7)
    found(near, far)
    reader.heard(behind(1, 3), near)
    reader.flush()
    expect(sent.map(({ to }) => to)).toEqual(["near", "far"])
    const silent = driven()
    silent.ask(0)
    silent.found(near, far)
    silent.pass(1000)
    expect(silent.sent.map(({ to }) => to)).toEqual(["near", "far"])
    silent.reader.nobodyThere()
    silent.pass(100)
    expect(silent.state.looks).toBe(2)
    pass(0)
  })

  it("leaves one that says nothing, however often it is asked meanwhile, with all that it was asked", () => {
    const { reader, sent, ask, found, pass, state } = driven()
    ask(0)
    found(near, far)
    reader.heard({ _tag: "Answered", slot: Slot(9), flat: [1, ["yes"]] }, near)
    state.nowMs = 10_000
    for (let asked = 0; asked < 5; asked++) {
      ask(0)
      pass(asked < 4 ? 150 : 100)
    }
    expect(sent.slice(1, 6).map(({ to }) => to)).toEqual(Array(5).fill("near"))
    expect(sent.slice(6)).toMatchObject([{ to: "far", query: { question: 2, queries: Array(5).fill({}) } }])
  })

  it("leaves one that says nothing where those who ask give up sooner; stays with one that answers", () => {
    const { reader, sent, ask, found, pass } = driven()
    ask(0)
    found(near, far)
    pass(600)
    ask(0)
    reader.heard({ _tag: "Answered", slot: Slot(9), flat: [1, ["yes"]] }, near)
    pass(600)
    ask(0)
    expect(sent.map(({ to }) => to)).toEqual(["near", "near", "near"])
    pass(5000)
    ask(0)
    expect(sent.at(-1)?.to).toBe("far")
  })

  it("ends with the furthest slot that was to be had where no replica comes far enough in time", () => {
    const { reader, heard, ask, found, pass } = driven()
    ask(70)
    found(near)
    reader.heard(behind(1, 30), near)
    pass(5000)
    expect(heard).toEqual([expect.stringContaining("no replica had applied slot 70 in time")])
    expect(heard).toEqual([expect.stringContaining("slot 30; trying again is safe")])
  })

  it("never puts questions for different slots into one message", () => {
    const { sent, ask, found } = driven()
    for (const atLeast of [3, 3, 8]) ask(atLeast)
    found(near)
    expect(sent.map(({ query }) => [query.question, query.atLeast, query.queries.length])).toEqual([
      [1, 3, 2],
      [3, 8, 1]
    ])
  })
})
