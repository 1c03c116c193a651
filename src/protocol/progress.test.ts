/** What a leader sends to an acceptor that is behind. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "./configuration.ts"
import { startedEntry } from "./entry.ts"
import { Ballot, NodeId, Slot, StorageId } from "./ids.ts"
import { type LogView, noBase } from "./log-view.ts"
import { chunkFor, freshProgress } from "./progress.ts"

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
