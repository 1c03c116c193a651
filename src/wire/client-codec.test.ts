/** What acceptors and leaders tell clients, on the wire. */
import { assert, describe, it } from "@effect/vitest"
import {
  Ballot,
  ClientId,
  GroupId,
  NodeId,
  type Replica,
  SessionId,
  Slot,
  StorageId
} from "../protocol/ids.ts"
import { pack, unpack } from "../runtime/codec.ts"
import { type Body, packetCodec } from "./packet.ts"
import { seal } from "./seal.ts"

const codec = packetCodec("c")
const from: Replica = { node: NodeId("A"), storage: StorageId("1") }
const other: Replica = { node: NodeId("B"), storage: StorageId("2") }
const group = GroupId("g")
const ballot = Ballot(3)

const foretold: Body = {
  _tag: "Foretold",
  ballot,
  slot: Slot(7),
  waitsFor: [from, other],
  session: SessionId(2),
  flat: [1, 7, 0, { changed: true }]
}

const accept: Body = {
  _tag: "Accept",
  configuration: { ballot, generation: 0, leader: from, acceptors: [from, other] },
  prevSlot: Slot(6),
  prevSlotBallot: ballot,
  runs: [],
  chosen: Slot(6),
  round: 9,
  leaseMs: 200,
  tells: ClientId("c1")
}

const counted = { ballot, slot: Slot(7) }
const bytes = new Uint8Array([1])
const submit: Body = { _tag: "Submit", client: ClientId("c1"), submission: 2, bytes }
const query: Body = { _tag: "Query", client: ClientId("c1"), question: 3, queries: [bytes] }

describe("results that clients know before their leader", () => {
  it("come as they were sent, and so does the name of the client", () => {
    const synced: Body = { _tag: "Synced", ballot, slot: Slot(7) }
    for (const body of [foretold, synced, accept])
      assert.deepStrictEqual(codec.decode(codec.encode(from, group, body)), { from, group, body })
  })

  it("are told to the leader with what it is sent, or not", () => {
    for (const body of [submit, { ...submit, counted }, query, { ...query, counted }])
      assert.deepEqual(codec.decode(codec.encode(from, group, body)), { from, group, body })
    const plain = unpack(codec.encode(from, group, { ...submit, counted })) as ReadonlyArray<unknown>
    assert.strictEqual(codec.decode(seal(pack(plain.slice(0, -1)))), "malformed")
  })

  it("are refused where a result is cut off, or an acceptor has no disk", () => {
    const plain = unpack(codec.encode(from, group, foretold)) as ReadonlyArray<unknown>
    const [waitsFor, session, flat] = plain.slice(9) as [unknown, unknown, ReadonlyArray<unknown>]
    const cut = [...plain.slice(0, 9), waitsFor, session, flat.slice(0, 3)]
    const diskless = [...plain.slice(0, 9), [["A"]], session, flat]
    for (const fields of [cut, diskless]) assert.strictEqual(codec.decode(seal(pack(fields))), "malformed")
  })
})
