/** What time an entry is of, whatever becomes of the wall clock of who leads. */
import { describe, expect, it } from "vitest"
import { ClientId, Slot } from "../ids.ts"
import { keepAliveEntry, startedEntry } from "../log/entry.ts"
import { replica, serving } from "../membership/membership.test-support.ts"
import type { Pending } from "../replication/window.ts"
import { timed } from "./log-time.ts"
import type { Serving } from "./state.ts"

const bytes = keepAliveEntry(4 as never)
const waiting: Pending = { client: ClientId("c"), submission: 1, bytes, count: 1, cameAtMs: 500 }

/** Has proposed something in its ballot; the log's time is 90,000 ms, and was 90,000 ms at 500 ms. */
const leader = (change: Partial<Serving> = {}): Serving =>
  serving([replica("A")], 5, {
    atMs: 90_000,
    timedAtMs: 500,
    pending: [waiting],
    pendingBytes: bytes.length,
    ...change
  })

const kinds = ({ pending, settings }: Serving) => {
  const started = startedEntry(settings.sessionTtlMs)
  return pending.map((one) => (Buffer.from(one.bytes).equals(started) ? "started" : "keepAlive"))
}

describe("the clock of the log", () => {
  it("is the wall clock, as long as nobody sets it", () => {
    const at = timed(leader(), 91_000, 1_500)
    expect([at.atMs, at.timedAtMs, kinds(at)]).toEqual([91_000, 1_500, ["keepAlive"]])
    // A clock that is corrected a little is no reason for an entry.
    expect(kinds(timed(leader(), 91_100, 1_500))).toEqual(["keepAlive"])
  })

  it("says first that time has gone by that nobody lived through, where it was put ahead", () => {
    const at = timed(leader(), 91_101, 1_500)
    expect([at.atMs, kinds(at)]).toEqual([91_101, ["started", "keepAlive"]])
    expect(at.pendingBytes).toBe(at.pending.reduce((size, one) => size + one.bytes.length, 0))
    expect(kinds(timed(at, 91_200, 1_600))).toEqual(["started", "keepAlive"])
  })

  it("leaves that to the first entry of its ballot, where that one is still to be sent", () => {
    const at = timed(leader({ last: Slot(0) }), 990_000, 1_500)
    expect([at.atMs, kinds(at)]).toEqual([990_000, ["keepAlive"]])
  })

  it("goes at half its pace where it is ahead of the wall clock, and never stands still", () => {
    let at = leader()
    for (let nowMs = 501; nowMs <= 1_500; nowMs++) at = timed(at, 20_000, nowMs)
    expect([at.atMs, kinds(at)]).toEqual([90_500, ["keepAlive"]])
    at = timed(at, 91_400, 2_400)
    expect([at.atMs, kinds(at)]).toEqual([91_400, ["keepAlive"]])
  })
})
