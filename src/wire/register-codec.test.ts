/** Messages between masters come back as they went. */
import { describe, expect, it } from "vitest"
import { Ballot, GroupId, NodeId, type Replica, StorageId } from "../protocol/ids.ts"
import { firstSeats } from "../protocol/master/seats.ts"
import { packetCodec } from "./packet.ts"
import type { RegisterMessage } from "./register-codec.ts"

const codec = packetCodec("c")
const from: Replica = { node: NodeId("n1"), storage: StorageId("s1") }
const group = GroupId("main")
const seats = firstSeats([from, { node: NodeId("n2"), storage: StorageId("s2") }])
const ticket = { number: 3, proposer: "n1/x" }
const value = { version: 2, text: "{}" }
const kept = { promised: ticket, accepted: ticket, value }

const messages: ReadonlyArray<RegisterMessage> = [
  { _tag: "KeeperAsked", ask: { _tag: "Peek", ticket, seats } },
  { _tag: "KeeperAsked", ask: { _tag: "Claim", ticket, seats } },
  { _tag: "KeeperAsked", ask: { _tag: "Write", ticket, seats, value } },
  { _tag: "KeeperSaid", writes: 4, answer: { _tag: "Held", ...kept, ticket } },
  { _tag: "KeeperSaid", writes: 4, answer: { _tag: "Held", ...kept, value: undefined, ticket } },
  { _tag: "KeeperSaid", writes: 4, answer: { _tag: "Written", ticket } },
  { _tag: "KeeperSaid", writes: 4, answer: { _tag: "Outbid", ticket, promised: ticket } },
  { _tag: "KeeperSaid", writes: 4, answer: { _tag: "Reseated", ticket, seats } },
  { _tag: "SeatAsk" },
  {
    _tag: "SeatTold",
    told: {
      seats,
      floor: 3,
      files: [{ group, value, newerFrom: Ballot(4), voters: [from] }],
      promised: [{ group, ballot: Ballot(3) }]
    }
  },
  { _tag: "SeatClaim", seats, after: GroupId("") },
  { _tag: "SeatGiven", seats, after: GroupId(""), registers: [{ group, kept }], isLast: true }
]

describe("messages between masters", () => {
  for (const body of messages) {
    const name = "ask" in body ? body.ask._tag : "answer" in body ? body.answer._tag : body._tag
    it(`${name} comes back as it went`, () => {
      expect(codec.decode(codec.encode(from, group, body))).toEqual({ from, group, body })
    })
  }
})
