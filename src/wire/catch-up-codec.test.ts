/** Catch-up messages survive the wire, and what does not fit together never comes off it. */
import { assert, describe, it } from "@effect/vitest"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../protocol/ids.ts"
import { startedEntry } from "../protocol/log/entry.ts"
import { packetCodec } from "./packet.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s") }
const main = GroupId("main")
const run = (first: number, ballot: number) => ({
  ballot: Ballot(ballot),
  first: Slot(first),
  count: 1,
  atMs: 1,
  bytes: startedEntry(60_000)
})
const bodyOf = (bytes: Uint8Array) => {
  const packet = codec.decode(bytes)
  return typeof packet === "string" ? packet : packet.body
}

describe("catch-up on the wire", () => {
  it("comes back as it was sent", () => {
    const ask = { _tag: "CatchUp", fromSlot: Slot(7), maxBytes: 1000 } as const
    assert.deepStrictEqual(bodyOf(codec.encode(from, main, ask)), ask)
    const answer = {
      _tag: "CaughtUp",
      runs: [run(7, 2), run(8, 3)],
      chosen: Slot(9),
      first: Slot(1),
      active: { ballot: Ballot(3), generation: 1, leader: from, acceptors: [from] }
    } as const
    const read = bodyOf(codec.encode(from, main, answer))
    const { runs: _, ...rest } = answer
    assert.deepInclude(read, rest)
    const runs = typeof read === "object" && read._tag === "CaughtUp" ? read.runs : []
    assert.deepStrictEqual(
      runs.map(({ first, ballot }) => `${first} of ballot ${ballot}`),
      ["7 of ballot 2", "8 of ballot 3"]
    )
  })

  it("is refused where runs leave a gap or ballots fall", () => {
    for (const runs of [
      [run(7, 2), run(9, 2)],
      [run(7, 3), run(8, 2)]
    ]) {
      const rest = { chosen: Slot(9), first: Slot(1), active: undefined }
      const bytes = codec.encode(from, main, { _tag: "CaughtUp", runs, ...rest })
      assert.strictEqual(bodyOf(bytes), "malformed")
    }
  })
})
