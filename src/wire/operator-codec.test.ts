/** What operators ask and what they are answered comes out of a packet as it went in. */
import { describe, expect, it } from "vitest"
import { Ballot, GroupId, NodeId, StorageId } from "../protocol/ids.ts"
import type { OperatorRequest } from "../protocol/messages.ts"
import type { OperatorReply } from "./operator-codec.ts"
import { packetCodec } from "./packet.ts"

const self = { node: NodeId("a"), storage: StorageId("1") }
const { encode, decode } = packetCodec("c")
const [n1, n2] = [NodeId("n1"), NodeId("n2")]

describe("an operator's packets", () => {
  it("keep what is asked", () => {
    const requests: ReadonlyArray<OperatorRequest> = [
      { _tag: "Transfer", to: n1 },
      { _tag: "Drain", node: n1 },
      { _tag: "Undrain", node: n1 },
      { _tag: "Replace", node: n1, by: n2 }
    ]
    for (const request of requests) {
      const packet = decode(encode(self, GroupId("g"), { _tag: "OperatorAsk", request, pass: "p" }))
      expect(packet).toMatchObject({ body: { _tag: "OperatorAsk", request, pass: "p" } })
    }
  })

  it("keep what is answered", () => {
    const configuration = { ballot: Ballot(3), generation: 1, leader: self, acceptors: [self] }
    const answers: ReadonlyArray<OperatorReply["answer"]> = [
      { _tag: "Done", configuration },
      { _tag: "Done", configuration: undefined },
      { _tag: "NotLeader", leader: n1 },
      { _tag: "NotLeader", leader: undefined },
      { _tag: "Waiting", reason: "w" },
      { _tag: "Refused", reason: "r" },
      { _tag: "AskAgain", pass: "p" }
    ]
    for (const answer of answers) {
      const packet = decode(encode(self, GroupId("g"), { _tag: "OperatorReply", answer }))
      expect(packet).toMatchObject({ body: { _tag: "OperatorReply", answer } })
    }
  })
})
