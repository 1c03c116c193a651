/** Requests to the master and its answers come out of a packet as they went in. */
import { describe, expect, it } from "vitest"
import { Ballot, GroupId, NodeId, StorageId } from "../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import { packetCodec } from "./packet.ts"

const self = { node: NodeId("a"), storage: StorageId("1") }
const { encode, decode } = packetCodec("c")
const configuration = { ballot: Ballot(3), generation: 1, leader: self, acceptors: [self] }

describe("the master's packets", () => {
  it("keep what a request says", () => {
    const requests: ReadonlyArray<MasterRequest> = [
      { _tag: "Bootstrap", requestId: "r", leader: self, acceptors: [self], minAcceptors: 2 },
      { _tag: "NewBallot", requestId: "r", leader: self, acceptors: [self] },
      { _tag: "Drain", requestId: "r", node: NodeId("b"), drained: true, drains: 0 },
      { _tag: "Drain", requestId: "r", node: NodeId("b"), drained: false, drains: 7 },
      { _tag: "ReadMaster", requestId: "r" }
    ]
    for (const request of requests) {
      const packet = decode(encode(self, GroupId("g"), { _tag: "MasterAsk", request }))
      expect(packet).toMatchObject({ body: { _tag: "MasterAsk", request } })
    }
  })

  it("keep what an answer says", () => {
    const standing = { active: configuration, latest: Ballot(4) }
    const replies: ReadonlyArray<MasterReply> = [
      { _tag: "Superseded", requestId: "r", ...standing },
      { _tag: "MasterRead", requestId: "r", ...standing, minAcceptors: 2, drained: [NodeId("b")], drains: 3 },
      {
        _tag: "MasterRead",
        requestId: "r",
        active: undefined,
        latest: Ballot(0),
        minAcceptors: 1,
        drained: [],
        drains: 0
      }
    ]
    for (const reply of replies) {
      const packet = decode(encode(self, GroupId("g"), { _tag: "MasterAnswer", reply }))
      expect(packet).toMatchObject({ body: { _tag: "MasterAnswer", reply } })
    }
  })
})
