/** The laws of what clients may count on are seen firing on clients that were let down, and on no others. */
import { describe, expect, it } from "vitest"
import type { Configuration } from "../../protocol/configuration.ts"
import { Ballot, ClientId, SessionId, Slot } from "../../protocol/ids.ts"
import type { LeaderState } from "../../protocol/leader/state.ts"
import { noSessions, openSession, recordReply, touchSession } from "../../protocol/learner/session.ts"
import { closeEntry } from "../../protocol/log/entry.ts"
import type { MasterState } from "../../protocol/master/master.ts"
import type { Caller } from "../oracle/callers.ts"
import { callsEnd, slackMs } from "./calls-end.ts"
import { configuration, FakeFacts, node, serving, verdict } from "./laws.test-support.ts"
import type { LawWatch } from "./laws.ts"
import { oneCommand } from "./one-command.ts"
import { served, servedWithinMs } from "./served.ts"
import { heardWithinMs, livesForMs, sessionsKept } from "./sessions-kept.ts"

const fakeCaller = () => {
  const now = { ms: 0, state: "running" as ReturnType<Caller["state"]>, thawedAtMs: Number.NEGATIVE_INFINITY }
  const caller: Caller = {
    name: "c",
    group: "main",
    state: () => now.state,
    nowMs: () => now.ms,
    thawedAtMs: () => now.thawedAtMs
  }
  return { now, caller }
}

describe("a call ends in time", () => {
  const judged = (change: (of: ReturnType<typeof fakeCaller>["now"], ended: () => void) => void) => {
    const facts = new FakeFacts()
    const { now, caller } = fakeCaller()
    const ended = facts.ledger.callers.begin(caller, 1_000)
    change(now, ended)
    return verdict(callsEnd, facts, (watch) => watch.onTime!(0))
  }
  const tooLate = 1_001 + slackMs

  it("is broken by one that goes on for longer than its caller waits", () => {
    expect(judged((now) => void (now.ms = 1_000 + slackMs))).toBeUndefined()
    expect(judged((now) => void (now.ms = tooLate))).toContain("a call of 1000 ms")
  })

  it("is not broken by one that has ended, nor in a process that is gone", () => {
    const end = (now: { ms: number }, ended: () => void) => {
      now.ms = tooLate
      ended()
    }
    expect(judged(end)).toBeUndefined()
    expect(judged((now) => Object.assign(now, { ms: tooLate, state: "dead" }))).toBeUndefined()
  })

  it("counts from when a process that stood still goes on", () => {
    expect(judged((now) => Object.assign(now, { ms: 9_000, state: "frozen" }))).toBeUndefined()
    expect(judged((now) => Object.assign(now, { ms: 9_000, thawedAtMs: 9_000 - slackMs }))).toBeUndefined()
    expect(judged((now) => Object.assign(now, { ms: 9_000, thawedAtMs: 8_999 - slackMs }))).toContain("1 ms")
  })
})

describe("a number is of one command", () => {
  const sent = (...commands: ReadonlyArray<readonly [session: number, number: number, command: number]>) =>
    verdict(oneCommand, new FakeFacts(), (watch) => {
      for (const [session, number, command] of commands) watch.onSubmitted!("c", session, number, command)
    })
  it("is broken by a second command under a number, and not by one that is sent again", () => {
    expect(sent([1, 1, 11], [1, 1, 11], [1, 2, 22], [2, 1, 33])).toBeUndefined()
    expect(sent([1, 1, 11], [1, 1, 22])).toContain("another command as number 1 of session 1")
  })
})

const id = ClientId("c")
const ttlMs = 60_000

/** A leader whose group has a client with a session. */
const led = () => {
  const of = node("a")
  const active: Configuration = configuration(1, "a")
  const leader: LeaderState = serving(active, 0)
  const sessions = noSessions(ttlMs)
  const session = openSession(sessions, id, 1 as never, 0)
  recordReply(sessions, session, 1 as never, { slot: 2 as never, outcome: "done", reply: null })
  const replica = { ...of.parts.replica, atMs: 0, sessions }
  const parts = { ...of.parts, replica, leader: () => ({ ...leader, last: leader.chosen }) }
  const facts = new FakeFacts({ ...of, parts: parts as never })
  facts.master = { active } as MasterState
  const { now, caller } = fakeCaller()
  facts.ledger.callers.byClient.set(id, caller)
  return { facts, sessions, replica, now }
}

/** Time has come so far. */
const passes = ({ reach }: FakeFacts, watch: LawWatch, nowMs: number) => {
  reach.look(nowMs)
  watch.onTime!(nowMs)
}

/** The client is silent for longer than sessions live; `meanwhile` is called after each second. */
const silent = (meanwhile: (of: ReturnType<typeof led>, second: number) => void) => {
  const world = led()
  return verdict(sessionsKept, world.facts, (watch) => {
    for (let second = 0; second * 1_000 <= ttlMs; second++) {
      passes(world.facts, watch, second * 1_000)
      meanwhile(world, second)
    }
    world.replica.atMs += ttlMs + 1
    touchSession(world.sessions, SessionId(1), world.replica.atMs)
    passes(world.facts, watch, ttlMs + 1_000)
  })
}

describe("who reaches the leader is served", () => {
  const waits = (meanwhile: (of: ReturnType<typeof led>, second: number, end: () => void) => void) => {
    const world = led()
    const [caller] = world.facts.ledger.callers.byClient.values()
    const end = world.facts.ledger.callers.begin(caller!, 120_000)
    return verdict(served, world.facts, (watch) => {
      for (let second = 0; second * 1_000 <= servedWithinMs + 1_000; second++) {
        meanwhile(world, second, end)
        passes(world.facts, watch, second * 1_000)
      }
    })
  }

  it("is broken by a call that is open for long while its client could reach the leader", () => {
    expect(waits(() => {})).toContain("c reaches a, and has waited for 31000 ms")
  })

  it("is not broken by one that has ended, nor where the leader was out of reach for a moment", () => {
    expect(waits((_world, second, end) => second === 30 && end())).toBeUndefined()
    const apart = ({ facts }: ReturnType<typeof led>, second: number) => {
      facts.reaches = () => second !== 5
    }
    expect(waits(apart)).toBeUndefined()
  })
})

describe("a live client keeps its session", () => {
  it("is broken by one that expires although its client could be heard all the time", () => {
    expect(silent(() => {})).toContain("lost session 1")
  })

  it("is broken by one that expires long before its time, whatever the log says", () => {
    const expires = (afterMs: number, isClosed = false) => {
      const world = led()
      const bytes = closeEntry(SessionId(1))
      if (isClosed) world.facts.chosen.append({ ballot: Ballot(1), first: Slot(1), count: 1, atMs: 0, bytes })
      return verdict(sessionsKept, world.facts, (watch) => {
        passes(world.facts, watch, 0)
        world.replica.atMs += ttlMs + 1
        touchSession(world.sessions, SessionId(1), world.replica.atMs)
        passes(world.facts, watch, afterMs)
      })
    }
    expect(expires(livesForMs(ttlMs) - 1)).toContain("c was heard 39999 ms ago, and lost session 1")
    expect(expires(livesForMs(ttlMs))).toContain("c could reach its leader")
    // A client may close it itself, just when the time of the log has leapt.
    expect(expires(1, true)).toBeUndefined()
  })

  it("is not broken where the client could not be heard for long enough at a time", () => {
    const secondsEnough = heardWithinMs / 1_000
    const cutAt = (at: number) =>
      silent(({ facts }, second) => {
        facts.reaches = () => second !== at
      })
    expect(cutAt(ttlMs / 2_000)).toBeUndefined()
    expect(cutAt(secondsEnough + 2)).toContain("lost session 1")
    expect(
      silent(({ now }, second) => void (now.state = second === 30 ? "frozen" : "running"))
    ).toBeUndefined()
  })

  it("is not broken by clients that are gone", () => {
    expect(silent(({ now }, second) => void (now.state = second < 59 ? "running" : "dead"))).toBeUndefined()
  })

  it("is not broken where nobody leads for a moment", () => {
    const stuck = ({ facts }: ReturnType<typeof led>, second: number) => {
      facts.master = { active: configuration(second === 30 ? 2 : 1, "a") } as MasterState
    }
    expect(silent(stuck)).toBeUndefined()
  })
})
