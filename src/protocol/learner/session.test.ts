/** Sessions make every command take effect once, however often it is sent. */
import { describe, expect, it } from "vitest"
import { ClientId, RequestNumber, SessionId, Slot } from "../ids.ts"
import {
  admitCommand,
  closeSession,
  extendSessions,
  noSessions,
  openSession,
  recordReply,
  type Sessions,
  sessionWindowMax,
  sweepSessions,
  touchSession
} from "./session.ts"

const client = ClientId("c")
const reply = (slot: number) => ({ slot: Slot(slot), outcome: "done", reply: slot }) as const
const number = RequestNumber

const opened = (): readonly [Sessions, SessionId] => {
  const sessions = noSessions(100)
  return [sessions, openSession(sessions, client, Slot(7), 1000)]
}

describe("a session", () => {
  it("is named by the slot that opened it, and opened once for a client that asks again", () => {
    const [sessions, id] = opened()
    expect(id).toBe(7)
    expect(openSession(sessions, client, Slot(8), 1050)).toBe(id)
    expect(openSession(sessions, ClientId("d"), Slot(9), 1050)).toBe(9)
  })

  it("that has expired or was closed is opened anew under another name", () => {
    const [sessions] = opened()
    expect(openSession(sessions, client, Slot(8), 1101)).toBe(8)
    closeSession(sessions, SessionId(8))
    expect(openSession(sessions, client, Slot(9), 1101)).toBe(9)
    closeSession(sessions, SessionId(8))
    expect(openSession(sessions, client, Slot(10), 1101)).toBe(9)
  })

  it("knows nothing of the replies to the session before it, whose numbers begin in the same way", () => {
    const [sessions, id] = opened()
    recordReply(sessions, id, number(1), reply(8))
    const next = openSession(sessions, client, Slot(9), 1101)
    expect(admitCommand(sessions, next, number(1), 0)).toBe("run")
    recordReply(sessions, next, number(1), reply(10))
    expect(admitCommand(sessions, next, number(1), 0)).toEqual(reply(10))
  })

  it("lives its whole time to live after each sign of life, and not a millisecond longer", () => {
    const [sessions, id] = opened()
    expect(touchSession(sessions, id, 1100)).toBe(true)
    expect(touchSession(sessions, id, 1200)).toBe(true)
    expect(touchSession(sessions, id, 1301)).toBe(false)
    expect(touchSession(sessions, id, 1301)).toBe(false)
    expect(sessions.byClient.size).toBe(0)
  })

  it("gets back the time without a leader", () => {
    const [sessions, id] = opened()
    extendSessions(sessions, 500)
    expect(touchSession(sessions, id, 1600)).toBe(true)
  })

  it("is swept when it has expired, not before", () => {
    const [sessions] = opened()
    sweepSessions(sessions, 1100)
    expect(sessions.byId.size).toBe(1)
    sweepSessions(sessions, 1150)
    expect(sessions.byId.size).toBe(1)
    sweepSessions(sessions, 1201)
    expect([sessions.byId.size, sessions.byClient.size]).toEqual([0, 0])
  })
})

describe("a command", () => {
  it("runs once and gets its recorded reply when it comes again", () => {
    const [sessions, id] = opened()
    expect(admitCommand(sessions, id, number(1), 0)).toBe("run")
    recordReply(sessions, id, number(1), reply(8))
    expect(admitCommand(sessions, id, number(1), 0)).toEqual(reply(8))
  })

  it("may come out of order", () => {
    const [sessions, id] = opened()
    recordReply(sessions, id, number(3), reply(8))
    expect(admitCommand(sessions, id, number(2), 0)).toBe("run")
  })

  it("whose reply the client has is neither run nor answered, even long after", () => {
    const [sessions, id] = opened()
    recordReply(sessions, id, number(1), reply(8))
    recordReply(sessions, id, number(2), reply(9))
    expect(admitCommand(sessions, id, number(3), 2)).toBe("run")
    expect(sessions.byId.get(id)!.replies.size).toBe(0)
    expect(admitCommand(sessions, id, number(2), 0)).toBe("already-received")
    expect(admitCommand(sessions, id, number(1), 0)).toBe("already-received")
  })

  it("forgets only what was received, also across a wide jump", () => {
    const [sessions, id] = opened()
    recordReply(sessions, id, number(1), reply(8))
    recordReply(sessions, id, number(4_000_000_000), reply(9))
    expect(admitCommand(sessions, id, number(4_000_000_000), 3_999_999_999)).toEqual(reply(9))
    expect([...sessions.byId.get(id)!.replies.numbers()]).toEqual([4_000_000_000])
  })

  it("forgets the last one received too, where the numbers before it were never run", () => {
    const [sessions, id] = opened()
    recordReply(sessions, id, number(9), reply(8))
    expect(admitCommand(sessions, id, number(10), 9)).toBe("run")
    expect(sessions.byId.get(id)!.replies.size).toBe(0)
  })

  it("beyond the window is not run, and runs once there is room", () => {
    const [sessions, id] = opened()
    for (let at = 1; at <= sessionWindowMax; at++) recordReply(sessions, id, number(at), reply(at))
    expect(admitCommand(sessions, id, number(sessionWindowMax + 1), 0)).toBe("window-exceeded")
    expect(admitCommand(sessions, id, number(5), 0)).toEqual(reply(5))
    expect(admitCommand(sessions, id, number(sessionWindowMax + 1), 1)).toBe("run")
  })
})
