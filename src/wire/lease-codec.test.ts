/** Leases survive the wire; nodes from before there were any are understood. */
import { assert, describe, it } from "@effect/vitest"
import { Ballot, ClientId, GroupId, NodeId, noBallot, noSlot, Slot, StorageId } from "../protocol/ids.ts"
import { pack, unpack } from "../runtime/codec.ts"
import { type Body, packetCodec } from "./packet.ts"
import { seal } from "./seal.ts"

const codec = packetCodec("dev")
const from = { node: NodeId("n1"), storage: StorageId("s") }
const group = GroupId("main")
const configuration = { ballot: Ballot(2), generation: 0, leader: from, acceptors: [from] }
const accepted = { _tag: "Accepted", ballot: Ballot(2), lastSlot: noSlot, round: 7, grantedMs: 150 } as const
const accept = {
  _tag: "Accept",
  configuration,
  prevSlot: noSlot,
  prevSlotBallot: noBallot,
  runs: [],
  chosen: noSlot,
  round: 7,
  leaseMs: 200
} as const
const bodies: ReadonlyArray<Body> = [
  { _tag: "Release", ballot: Ballot(2) },
  { _tag: "TakeOver", configuration },
  accept,
  accepted,
  { _tag: "LocalQuery", client: ClientId("c"), question: 4, atLeast: Slot(9), queries: [Uint8Array.of(1)] },
  { _tag: "QueryRefused", question: 4, refusal: { _tag: "Behind", applied: Slot(3) } }
]

describe("a lease on the wire", () => {
  it("comes back as it was sent", () => {
    for (const body of bodies) {
      assert.deepStrictEqual(codec.decode(codec.encode(from, group, body)), { from, group, body })
    }
  })

  it("is none in the messages of a node that knows of none", () => {
    for (const body of [accept, accepted]) {
      const old = (unpack(codec.encode(from, group, body)) as ReadonlyArray<unknown>).slice(0, -1)
      const packet = codec.decode(seal(pack(old)))
      assert.notTypeOf(packet, "string")
      const got = (packet as { readonly body: Body }).body
      assert.strictEqual("leaseMs" in got ? got.leaseMs : "grantedMs" in got ? got.grantedMs : -1, 0)
    }
  })
})
