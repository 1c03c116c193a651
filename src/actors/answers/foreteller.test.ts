/** A foretold result is sent to a client that does not show that it knows it, and to no other. */
import { describe, expect, it } from "vitest"
import {
  Ballot,
  ClientId,
  GroupId,
  NodeId,
  RequestNumber,
  SessionId,
  Slot,
  StorageId
} from "../../protocol/ids.ts"
import type { Foreseen } from "../../protocol/learner/preview.ts"
import { admitCommand, noSessions, openSession } from "../../protocol/learner/session.ts"
import type { Body } from "../../wire/packet.ts"
import type { NodeContext } from "../node/context.ts"
import { Foreteller } from "./foreteller.ts"

const [a, b] = ["A", "B"].map((node) => ({ node: NodeId(node), storage: StorageId("1") })) as [
  NodeContext["self"],
  NodeContext["self"]
]
const configuration = { ballot: Ballot(2), generation: 0, leader: a, acceptors: [a, b] }
const session = SessionId(1)

const result = (number: number, received = number - 1): Foreseen => ({
  result: {
    session,
    number: RequestNumber(number),
    slot: Slot(number + 10),
    outcome: "done",
    reply: null
  },
  received
})
const cells = (number: number) => [number, number + 10, 0, null]

const foreteller = (published: "sent" | "too-large" = "sent") => {
  const sent: Array<Body> = []
  const toSession: NodeContext["toSession"] = (_session, _group, body) => {
    if (published === "sent" || body._tag === "Results") sent.push(body)
    return body._tag === "Foretold" ? published : "sent"
  }
  const one = new Foreteller({ self: a, toSession } as NodeContext, GroupId("main"))
  return { one, told: () => sent.map(({ _tag }) => _tag), sent }
}

describe("a foretold result", () => {
  it("names the other acceptors, and is kept back when the command is applied", () => {
    const { one, told, sent } = foreteller()
    one.tell(result(1), cells(1), configuration)
    one.send(session, cells(1))
    expect(told()).toEqual(["Foretold"])
    expect(sent[0]).toMatchObject({ waitsFor: [b], slot: 11, flat: cells(1) })
  })

  it("is sent after a while, once", () => {
    const { one, told } = foreteller()
    one.tell(result(1), cells(1), configuration)
    one.send(session, cells(1))
    one.sendAll()
    one.sendAll()
    expect(told()).toEqual(["Foretold", "Results"])
  })

  it("is never sent to a client whose next command says that it has it, or whose session is gone", () => {
    for (const isAlive of [true, false]) {
      const { one, told } = foreteller()
      const sessions = noSessions()
      if (isAlive) openSession(sessions, ClientId("c"), Slot(1), 0)
      one.tell(result(1), cells(1), configuration)
      one.send(session, cells(1))
      if (isAlive) {
        one.forget(sessions)
        admitCommand(sessions, session, RequestNumber(2), 1)
      }
      one.forget(sessions)
      one.sendAll()
      expect(told()).toEqual(["Foretold"])
    }
  })

  it("goes out as ever where it comes with others, or was applied only after the time was over", () => {
    const { one, told } = foreteller()
    one.tell(result(1), cells(1), configuration)
    one.send(session, [...cells(1), ...cells(2)])
    one.tell(result(3), cells(3), configuration)
    one.sendAll()
    one.send(session, cells(3))
    expect(told()).toEqual(["Foretold", "Results", "Foretold", "Results"])
  })

  it("that is withheld is sent where the next command shows that the client lacks it", () => {
    for (const received of [0, 1]) {
      const { one, told, sent } = foreteller()
      one.tell(result(1), cells(1), configuration)
      one.send(session, cells(1))
      one.tell(result(2, received), cells(2), configuration)
      const isLacking = received === 0
      expect(told()).toEqual(isLacking ? ["Foretold", "Foretold", "Results"] : ["Foretold", "Foretold"])
      if (isLacking) expect(sent[2]).toMatchObject({ flat: cells(1) })
      one.send(session, cells(2))
      one.sendAll()
      expect(sent.at(-1)).toMatchObject({ _tag: "Results", flat: cells(2) })
    }
  })

  it("that fits no message is not told, and its result is sent at once", () => {
    const { one, told } = foreteller("too-large")
    one.tell(result(1), cells(1), configuration)
    one.send(session, cells(1))
    expect(told()).toEqual(["Results"])
  })
})
