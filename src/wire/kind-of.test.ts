/** The kind of a packet is told from its front, wherever the layout of the envelope puts it. */
import { describe, expect, it } from "vitest"
import { Ballot, GroupId, NodeId, Slot, StorageId } from "../protocol/ids.ts"
import { kindOf } from "./kind-of.ts"
import { type Body, packetCodec } from "./packet.ts"
import { protocolKinds } from "./protocol-codec.ts"

const packet = (body: Body, node = "n1") =>
  packetCodec("dev").encode({ node: NodeId(node), storage: StorageId("s1") }, GroupId("main"), body)
const accepted: Body = { _tag: "Accepted", ballot: Ballot(3), lastSlot: Slot(7), round: 9, grantedMs: 200 }
const nack: Body = { _tag: "Nack", ballot: Ballot(3), promised: Ballot(4) }

describe("the kind of a packet", () => {
  it("is told from the front of what a node encodes, however long its name is", () => {
    for (const node of ["n1", "n".repeat(31), "n".repeat(32), "n".repeat(200)]) {
      expect(kindOf(packet(accepted, node))).toBe(protocolKinds.Accepted)
      expect(kindOf(packet(nack, node))).toBe(protocolKinds.Nack)
    }
  })

  it("is none of what is no packet, or is cut off", () => {
    expect(kindOf(new Uint8Array(0))).toBe(-1)
    expect(kindOf(Uint8Array.of(0xc1, 0xff, 3, 4, 5, 6, 7, 8, 9))).toBe(-1)
    expect(kindOf(packet(accepted).slice(0, 12))).toBe(-1)
  })
})
