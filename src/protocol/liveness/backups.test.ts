/** A leader knows for how long it has waited for whom, and blames one only where the others keep up. */
import { describe, expect, it } from "vitest"
import { NodeId, Slot } from "../ids.ts"
import type { Replication } from "../replication/progress.ts"
import { lookAtWaits, slowest, type Waits, waitMs } from "./backups.ts"

const [a, b, c] = ["A", "B", "C"].map((name) => NodeId(name)) as [NodeId, NodeId, NodeId]

/** A leader's log that ends at `last`, and what A, B and C have acknowledged of it. */
const at = (last: number, ...acknowledged: ReadonlyArray<number>): Replication => {
  const one = (slot: number) => ({
    acknowledged: Slot(Math.max(0, slot)),
    confirmed: slot < 0 ? 0 : 1,
    next: Slot(1),
    behind: false,
    moved: false
  })
  const progress = new Map([a, b, c].map((node, index) => [node, one(acknowledged[index]!)]))
  return { progress, last: Slot(last) } as unknown as Replication
}

const look = (before: Waits | undefined, replication: Replication, nowMs: number) =>
  lookAtWaits(before, replication, nowMs, 500)

describe("the wait for an acceptor", () => {
  it("lasts until it has acknowledged what there was when it began", () => {
    const first = look(undefined, at(5, 5, 4, 5), 0)
    const second = look(first, at(9, 9, 4, 9), 400)
    expect([a, b, c].map((node) => waitMs(second, node))).toEqual([0, 400, 0])
    // It has the fifth now, and is waited for anew for what came since.
    expect(waitMs(look(second, at(9, 9, 5, 9), 800), b)).toBe(0)
  })

  it("goes on while an acceptor has not answered at all, though there is nothing to acknowledge", () => {
    const first = look(undefined, at(0, 0, -1, 0), 0)
    expect(waitMs(look(first, at(0, 0, -1, 0), 300), b)).toBe(300)
    expect(waitMs(look(first, at(0, 0, 0, 0), 300), b)).toBe(0)
  })

  it("is nobody's fault where the leader itself did not look", () => {
    const first = look(undefined, at(5, 5, 4, 5), 0)
    expect(waitMs(look(first, at(5, 5, 4, 5), 501), b)).toBe(0)
  })
})

describe("the slowest backup", () => {
  const waited = (...acknowledged: ReadonlyArray<number>) => {
    let waits: Waits | undefined
    for (let nowMs = 0; nowMs <= 1000; nowMs += 250) waits = look(waits, at(9, ...acknowledged), nowMs)
    return waits!
  }

  it("is the one that is waited for while the others keep up", () => {
    expect(slowest(waited(9, 4, 9), 1000)).toBe(b)
    expect(slowest(waited(9, 4, 9), 1001)).toBeUndefined()
  })

  it("is nobody where more than one is late, for it may be the bus", () => {
    expect(slowest(waited(9, 4, 4), 1000)).toBeUndefined()
    expect(slowest(waited(9, 9, 9), 1000)).toBeUndefined()
  })
})
