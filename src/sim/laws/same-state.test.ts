/** Replicas that differ are seen, in their state and in their table of sessions. */
import { describe, expect, it } from "vitest"
import { ClientId, SessionId, Slot } from "../../protocol/ids.ts"
import { noSessions, restoreSession } from "../../protocol/learner/session.ts"
import { FakeFacts, node, verdict } from "./laws.test-support.ts"
import type { WatchedGroup } from "./laws.ts"
import { sameState } from "./same-state.ts"

describe("same prefix, same state", () => {
  const applied = (name: string, fingerprint: number, state?: number) => ({
    node: name,
    life: 1,
    slot: 1,
    atMs: 0,
    command: 5,
    fingerprint,
    state
  })
  const both = (first: number, second: number) =>
    verdict(sameState, new FakeFacts(), (watch) => {
      watch.onApplied!(applied("a", 7, first))
      watch.onApplied!(applied("b", 7, second))
    })
  it("is broken by another reply, or another state, at the same slot", () => {
    expect(both(1, 1)).toBeUndefined()
    expect(both(1, 2)).toContain("another state at slot 1")
    const replies = verdict(sameState, new FakeFacts(), (watch) => {
      watch.onApplied!(applied("a", 7))
      watch.onApplied!(applied("b", 8))
    })
    expect(replies).toContain("another command or reply")
  })

  const withSession = (name: string, received: number, seenMs = 0): WatchedGroup => {
    const of = node(name)
    const sessions = noSessions(100)
    const replies = [[8, { slot: Slot(1), outcome: "done", reply: null }]] as const
    const [id, client] = [SessionId(3), ClientId("c")]
    restoreSession(sessions, { id, client, seenMs, received, replies: replies as never })
    return { ...of, parts: { ...of.parts, replica: { applied: Slot(0), sessions } } as never }
  }
  const tables = (first: WatchedGroup, second: WatchedGroup, atMs = 0) =>
    verdict(sameState, new FakeFacts(first, second), (watch) => {
      for (const { node: name } of [first, second]) watch.onApplied!({ ...applied(name, 7, 1), atMs })
    })
  it("is broken by another table of sessions at a slot, in the middle of a run", () => {
    expect(tables(withSession("a", 7), withSession("b", 7))).toBeUndefined()
    expect(tables(withSession("a", 7), withSession("b", 0))).toContain("another table of sessions at slot 1")
    expect(tables(withSession("a", 7), withSession("b", 7, 1))).toContain("another table of sessions")
  })
  it("asks nothing of sessions that have expired, nor of a life that is over", () => {
    expect(tables(withSession("a", 7), withSession("b", 0), 101)).toBeUndefined()
    expect(tables(withSession("a", 7), { ...withSession("b", 0), life: 2 })).toBeUndefined()
  })
})
