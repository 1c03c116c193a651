/** The laws of sessions are seen firing on tables that break them, and silent on those that do not. */
import { describe, expect, it } from "vitest"
import { ClientId, SessionId, Slot } from "../../protocol/ids.ts"
import { NumberTable } from "../../protocol/learner/number-table.ts"
import { noSessions, type RecordedReply, type Sessions } from "../../protocol/learner/session.ts"
import { FakeFacts, node, verdict } from "./laws.test-support.ts"
import type { Law } from "./laws.ts"
import { sameState } from "./same-state.ts"
import { sessions } from "./sessions.ts"

const id = SessionId(4)
const client = ClientId("c")
const reply = (slot: number): RecordedReply => ({ slot: Slot(slot), outcome: "done", reply: null })

/** A table of one session, last heard of at 1,000, that lives for 100 ms. */
const table = (received: number, replies: ReadonlyArray<number>): Sessions => {
  const session = { client, seenMs: 1_000, received, replies: new NumberTable<RecordedReply>() }
  for (const number of replies) session.replies.set(number, reply(number))
  return {
    ...noSessions(100),
    byId: new Map([[id, session]]),
    byClient: new Map([[client, id]])
  }
}

const holding = (name: string, of: Sessions, atMs: number) => {
  const one = node(name)
  return { ...one, parts: { ...one.parts, replica: { applied: Slot(9), atMs, sessions: of } } as never }
}

const judged = (law: Law, ...tables: ReadonlyArray<readonly [of: Sessions, atMs: number]>) =>
  verdict(law, new FakeFacts(...tables.map(([of, atMs], index) => holding(`n${index}`, of, atMs))), (watch) =>
    watch.atEnd!()
  )

describe("sessions are bounded", () => {
  it("is broken by a reply that its client has", () => {
    expect(judged(sessions, [table(3, [4, 6]), 1_000])).toBeUndefined()
    expect(judged(sessions, [table(4, [4, 6]), 1_000])).toContain("keeps reply 4 of session 4")
  })

  it("is broken by a session that nothing was heard of for twice its life", () => {
    expect(judged(sessions, [table(0, []), 1_200])).toBeUndefined()
    expect(judged(sessions, [table(0, []), 1_201])).toContain("silent for 201 ms")
  })
})

describe("same prefix, same state", () => {
  it("is broken by tables of sessions that differ, be it in a time", () => {
    const one = table(3, [4])
    expect(judged(sameState, [one, 1_000], [table(3, [4]), 1_000])).toBeUndefined()
    const others: ReadonlyArray<readonly [Sessions, number]> = [
      [table(3, [5]), 1_000],
      [table(2, [4]), 1_000],
      [{ ...one, ttlMs: 101 }, 1_000],
      [{ ...one, sweptMs: 1 }, 1_000],
      [{ ...one, byClient: new Map() }, 1_000],
      [one, 1_001]
    ]
    for (const other of others)
      expect(judged(sameState, [one, 1_000], other)).toContain("n1 has another table of sessions")
  })
})
