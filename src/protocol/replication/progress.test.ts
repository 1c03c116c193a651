/** What a leader sends to an acceptor that is behind, and what it counts. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "../configuration.ts"
import { Ballot, NodeId, Slot, StorageId } from "../ids.ts"
import { startedEntry } from "../log/entry.ts"
import { type LogView, noBase } from "../log/view.ts"
import { acknowledge, chunkFor, freshProgress } from "./progress.ts"

const self = { node: NodeId("a"), storage: StorageId("a-disk") }
const configuration: Configuration = { ballot: Ballot(1), generation: 0, leader: self, acceptors: [self] }

/** A log of this many entries that refuses to be read past its end, as the one on disk does. */
const strictLog = (last: number): LogView => ({
  promised: Ballot(1),
  base: noBase,
  first: Slot(1),
  last: Slot(last),
  ballotAt: (slot) => Ballot(slot === 0 ? 0 : 1),
  lastSlotOfBallot: (_ballot, slot) => slot,
  read: (from, through) => {
    if (through > last) throw new RangeError(`read through ${through}, the log ends at ${last}`)
    const bytes = new Uint8Array(startedEntry(60_000).length * (through - from + 1))
    return [{ ballot: Ballot(1), first: from, count: through - from + 1, atMs: 0, bytes }]
  }
})

describe("a chunk of the leader's log", () => {
  const replication = {
    configuration,
    progress: freshProgress(configuration, Slot(1)),
    round: 1,
    last: Slot(6),
    chosen: Slot(0),
    leaseMs: 0
  }

  it("ends where its own acceptor's log does, though more is proposed already", () => {
    const { runs, prevSlot } = chunkFor(replication, strictLog(5), Slot(3), 1024)
    expect(prevSlot).toBe(2)
    expect(runs.map(({ first, count }) => [first, count])).toEqual([[3, 3]])
  })

  it("is empty for an acceptor that has all that can be read here", () => {
    expect(chunkFor(replication, strictLog(5), Slot(6), 1024)).toMatchObject({ prevSlot: 5, runs: [] })
    expect(chunkFor(replication, strictLog(5), Slot(7), 1024)).toMatchObject({ prevSlot: 5, runs: [] })
  })
})

describe("an acknowledgement", () => {
  const replication = {
    configuration: { ...configuration, ballot: Ballot(5) },
    progress: freshProgress(configuration, Slot(1)),
    round: 1,
    last: Slot(6),
    chosen: Slot(0),
    leaseMs: 0
  }
  const accepted = (ballot: number) =>
    ({ _tag: "Accepted", ballot: Ballot(ballot), lastSlot: Slot(6), round: 3, grantedMs: 0 }) as const

  it("counts in its own ballot alone: the log of another one may have been dropped since", () => {
    for (const other of [4, 6])
      expect(acknowledge(replication, self, accepted(other), 100)).toBe(replication.progress)
    const counted = { acknowledged: 6, confirmed: 3, leaseUntilMs: 100 }
    expect(acknowledge(replication, self, accepted(5), 100).get(self.node)).toMatchObject(counted)
  })
})
