/** The trace: one hash over everything, entries only for a listener, strikes counted. */
import { describe, expect, it } from "vitest"
import { hashBytes, Trace, type TraceEntry } from "./trace.ts"

describe("a trace", () => {
  it("has one digest for the same events, and another for any change of kind, node, time or field", () => {
    const digest = (fill: (trace: Trace) => void) => {
      const trace = new Trace()
      fill(trace)
      return trace.digest()
    }
    const base = digest((trace) => trace.note("vote", "a", { slot: 1, ok: true }))
    expect(digest((trace) => trace.note("vote", "a", { slot: 1, ok: true }))).toBe(base)
    const others = [
      digest((trace) => trace.note("veto", "a", { slot: 1, ok: true })),
      digest((trace) => trace.note("vote", "b", { slot: 1, ok: true })),
      digest((trace) => trace.note("vote", "a", { slot: 2, ok: true })),
      digest((trace) => trace.note("vote", "a", { slot: 1.5, ok: true })),
      digest((trace) => trace.note("vote", "a", { slot: 1, ok: false })),
      digest((trace) => {
        trace.nowMicros = 9
        trace.note("vote", "a", { slot: 1, ok: true })
      }),
      digest((trace) => trace.hot(1, 1))
    ]
    expect(new Set([base, ...others]).size).toBe(others.length + 1)
  })

  it("does not depend on whether anybody listens", () => {
    const entries: Array<TraceEntry> = []
    const silent = new Trace()
    const heard = new Trace((entry) => entries.push(entry))
    for (const trace of [silent, heard]) trace.strike("loss", "a", { to: "b" })
    expect(heard.digest()).toBe(silent.digest())
    expect(entries).toEqual([{ timeMicros: 0, kind: "fault.loss", node: "a", to: "b" }])
    expect([heard.struck("loss"), heard.struck("duplication")]).toEqual([1, 0])
  })

  it("hashes every byte of a payload, short or long", () => {
    for (const length of [0, 1, 32, 33, 1000]) {
      const bytes = new Uint8Array(length).fill(7)
      expect(hashBytes(bytes)).toBe(hashBytes(bytes.slice()))
      const others = Array.from(bytes, (_, index) => bytes.with(index, 8))
      const hashes = [bytes, new Uint8Array(length + 1).fill(7), ...others].map(hashBytes)
      expect(new Set(hashes).size).toBe(length + 2)
    }
  })
})
