/** Runs keep entries as bytes: slicing and taking never change what an entry says. */
import { describe, expect, it } from "vitest"
import { Ballot, ClientId, SessionId, Slot } from "../ids.ts"
import { keepAliveEntry, openEntry } from "./entry.ts"
import { countEntries, joinBytes, type Run, runLast, runsMisformed, sliceRun, takeBytes } from "./run.ts"

const entries = [keepAliveEntry(SessionId(1)), openEntry(ClientId("a client")), keepAliveEntry(SessionId(3))]
const bytes = joinBytes(
  entries,
  entries.reduce((sum, entry) => sum + entry.length, 0)
)
const run: Run = { ballot: Ballot(2), first: Slot(5), count: 3, atMs: 9, bytes }

describe("a run", () => {
  it("is sliced at entries, without copying", () => {
    const middle = sliceRun(run, Slot(6), Slot(6))!
    expect(middle).toMatchObject({ first: 6, count: 1, ballot: 2, atMs: 9 })
    expect([...middle.bytes]).toEqual([...entries[1]!])
    expect(middle.bytes.buffer).toBe(bytes.buffer)
    expect(sliceRun(run, Slot(1), Slot(9))).toBe(run)
    expect([...sliceRun(run, Slot(6), Slot(99))!.bytes]).toEqual([...entries[1]!, ...entries[2]!])
  })

  it("has nothing outside its slots", () => {
    expect(sliceRun(run, Slot(8), Slot(9))).toBeUndefined()
    expect(sliceRun(run, Slot(1), Slot(4))).toBeUndefined()
  })

  it("gives as many whole entries as fit, and at least one", () => {
    expect(takeBytes(run, bytes.length)).toBe(run)
    expect(takeBytes(run, bytes.length - 1)).toMatchObject({ first: 5, count: 2 })
    expect(takeBytes(run, 0)).toMatchObject({ first: 5, count: 1 })
    expect(runLast(takeBytes(run, 0))).toBe(5)
  })

  it("counts its entries, and says so where the lengths do not add up", () => {
    expect(countEntries(bytes)).toBe(3)
    expect(countEntries(bytes.subarray(0, bytes.length - 1))).toBeUndefined()
    expect(countEntries(new Uint8Array([255, 255, 255, 255, 1]))).toBeUndefined()
    expect(countEntries(new Uint8Array(0))).toBe(0)
  })
})

describe("runs that claim to follow a slot", () => {
  it("must start behind it, with ballots that do not fall and as many entries as they say", () => {
    const after = { prevSlot: Slot(4), prevSlotBallot: Ballot(2) }
    const wrong = (runs: ReadonlyArray<Run>) => runsMisformed(runs, after.prevSlot, after.prevSlotBallot)
    expect(wrong([run])).toBeUndefined()
    expect(wrong([run, { ...run, first: Slot(8), ballot: Ballot(3) }])).toBeUndefined()
    expect(wrong([{ ...run, first: Slot(6) }])).toContain("starts at 6, not at 5")
    expect(wrong([{ ...run, ballot: Ballot(1) }])).toContain("ballot 1 follows ballot 2")
    expect(wrong([{ ...run, count: 2 }])).toContain("another number")
  })
})
