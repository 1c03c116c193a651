/** What a segment may hold that goes. */
import { describe, expect, it } from "vitest"
import { Ballot, Slot } from "../../protocol/ids.ts"
import { GroupOnDisk } from "../oracle/group-on-disk.ts"
import { FakeFacts, node, verdict } from "./laws.test-support.ts"
import { neededStays } from "./needed-stays.ts"

describe("what is needed stays", () => {
  const at = (slot: number) => ({
    ballot: Ballot(1),
    first: Slot(slot),
    count: 1,
    atMs: 0,
    bytes: new Uint8Array(8)
  })
  it("is broken by a segment that goes with what stands nowhere else", () => {
    const disk = new GroupOnDisk()
    const of = { ...node("a"), disk }
    const remove = (segment: number) =>
      verdict(neededStays, new FakeFacts(of), (watch) => {
        disk.onForgotten = (what) => watch.onForgotten!(of, what)
        disk.removed(segment, segment + 1)
      })
    disk.take({ _tag: "Promised", ballot: Ballot(1) }, 1)
    disk.take({ _tag: "LeaseNoted", durationMs: 5 }, 1)
    disk.take({ _tag: "Appended", run: at(1) }, 1)
    disk.take({ _tag: "Appended", run: at(2) }, 2)
    expect(remove(1)).toContain("its promise")
    disk.take({ _tag: "Promised", ballot: Ballot(1) }, 3)
    expect(remove(1)).toContain("its note of leases")
    disk.take({ _tag: "LeaseNoted", durationMs: 5 }, 3)
    expect(remove(1)).toContain("the entry of slot 1")
    disk.take({ _tag: "Based", base: { slot: Slot(1), ballot: Ballot(1), atMs: 0 } }, 2)
    expect(remove(1)).toBeUndefined()
    expect(remove(2)).toContain("its base")
    disk.take({ _tag: "Rewritten", base: { slot: Slot(1), ballot: Ballot(1), atMs: 0 }, runs: [at(2)] }, 3)
    expect(remove(2)).toBeUndefined()
    expect(remove(3)).toContain("its promise")
  })
  it("is broken by a log that looks for its entries behind them", () => {
    const of = node("a")
    of.disk.take({ _tag: "Appended", run: at(1) }, 5)
    const begin = (startPosition: number) =>
      verdict(neededStays, new FakeFacts(of), (watch) => {
        const log = { ...of.parts.log, startPosition }
        watch.onShortened!(Object.assign(of, { parts: { ...of.parts, log } }))
      })
    expect(begin(5)).toBeUndefined()
    expect(begin(6)).toContain("looks for slot 1 from 6 on, and it stands at 5")
  })
})
