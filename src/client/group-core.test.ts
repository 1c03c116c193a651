/** What a client tells its leader: what it has counted, with what it sends next, and that it is there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, SessionId, Slot } from "../protocol/ids.ts"
import type { Counted } from "../protocol/messages.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { client, codec, coreOver, leader, subjects } from "./group-core.test-support.ts"

const session = SessionId(4)

/** A client with a session, and a leader that only listens. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const bus = yield* exchange.connect
  const heard: Array<Counted | undefined> = []
  const sent: Array<"Submit" | "Query"> = []
  let looks = 0
  yield* bus.subscribe(subjects.node(leader), {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (typeof packet === "string") return
      const { body } = packet
      if (body._tag !== "Submit" && body._tag !== "Query") return
      heard.push(body.counted)
      sent.push(body._tag)
    }
  })
  const look = () => {
    looks++
  }
  const listened: Array<SessionId> = []
  const forgotten: Array<SessionId> = []
  const listen = (one: SessionId) => void listened.push(one)
  const forget = (one: SessionId) => void forgotten.push(one)
  const { clock, link, core } = coreOver(bus, { look, listen, forget })
  core.listening(session)
  const command = () => {
    core.command({ bytes: new Uint8Array(1), deadlineMs: 1000, done: () => {} })
    core.flush()
  }
  const foreseen = (number: number, slot: number) => {
    const flat = [number, slot, 0, "reply"]
    core.foreseen({ _tag: "Foretold", ballot: Ballot(2), slot: Slot(slot), waitsFor: [], session, flat })
  }
  const question = () => {
    core.question({ bytes: new Uint8Array(1), deadlineMs: clock.ms + 1000, done: () => {} })
    core.flush()
  }
  const tickAt = (ms: number) => {
    clock.ms = ms
    core.tick()
  }
  const asks = { command, question, foreseen, tickAt, looks: () => looks }
  return { core, link, heard, sent, listened, forgotten, ...asks }
})

describe("a client that has counted the acknowledgements", () => {
  it.effect("says so with its next command, and with none after that", () =>
    Effect.gen(function* () {
      const { heard, command, foreseen } = yield* world
      command()
      foreseen(1, 9)
      command()
      command()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(heard, [undefined, { ballot: Ballot(2), slot: Slot(9) }, undefined])
    })
  )

  it.effect("says so with a question as well, and says the newest only", () =>
    Effect.gen(function* () {
      const { heard, command, question, foreseen } = yield* world
      command()
      foreseen(1, 9)
      foreseen(2, 10)
      question()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(heard, [undefined, { ballot: Ballot(2), slot: Slot(10) }])
    })
  )
})

describe("a client that has nothing to write", () => {
  it.effect("keeps its session alive, however often it asks", () =>
    Effect.gen(function* () {
      const { core, sent, command, question, foreseen, tickAt } = yield* world
      command()
      foreseen(1, 9)
      for (const [index, ms] of [8000, 16_000, 24_000].entries()) {
        tickAt(ms)
        question()
        core.heard({ _tag: "Answered", slot: Slot(9), flat: [index + 1, ["yes"]] }, leader)
      }
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(sent, ["Submit", "Query", "Submit", "Query", "Query"])
    })
  )

  it.effect("looks for a leader that it has lost, to keep its session alive there", () =>
    Effect.gen(function* () {
      const { core, link, sent, command, foreseen, tickAt, looks } = yield* world
      command()
      foreseen(1, 9)
      core.nobodyThere()
      tickAt(10_000)
      assert.strictEqual(looks(), 0)
      tickAt(16_000)
      assert.strictEqual(looks(), 1)
      link.announced(leader, Ballot(3))
      tickAt(16_050)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(sent, ["Submit", "Submit"])
    })
  )
})

describe("a client whose leader says nothing", () => {
  it.effect("looks for another, however often it sends meanwhile", () =>
    Effect.gen(function* () {
      const { command, foreseen, tickAt, looks } = yield* world
      command()
      foreseen(1, 9)
      for (let ms = 50; ms < 2000; ms += 50) {
        tickAt(ms)
        command()
      }
      assert.strictEqual(looks(), 0)
      tickAt(2000)
      tickAt(2100)
      command()
      assert.strictEqual(looks(), 1)
    })
  )

  it.effect("stays with one that answers, and with one that had nothing to answer", () =>
    Effect.gen(function* () {
      const { link, sent, command, foreseen, tickAt } = yield* world
      for (let number = 1; number < 10; number++) {
        command()
        tickAt(number * 950)
        foreseen(number, number)
      }
      // Nobody answers what keeps a session alive.
      tickAt(30_000)
      tickAt(35_000)
      command()
      tickAt(35_050)
      assert.strictEqual(link.leader, leader)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(sent.length, 11)
    })
  )
})

describe("a session that has expired", () => {
  const expired = (number: number) => ["Results", [number, 9, 1, null]] as const

  it.effect("is forgotten once each of its commands has an outcome, and never taken for a new one", () =>
    Effect.gen(function* () {
      const { core, command, listened, forgotten } = yield* world
      for (let commands = 0; commands < 3; commands++) command()
      const [_tag, flat] = expired(1)
      core.heard({ _tag, session, flat }, leader)
      assert.deepStrictEqual(forgotten, [])
      core.heard({ _tag, session, flat: [...expired(2)[1], ...expired(3)[1]] }, leader)
      assert.deepStrictEqual(forgotten, [session])
      core.heard({ _tag: "Opened", client, session }, leader)
      assert.deepStrictEqual(listened, [])
      core.heard({ _tag: "Opened", client, session: SessionId(10) }, leader)
      assert.deepStrictEqual(listened, [SessionId(10)])
    })
  )

  it.effect("settles nothing of the one after it, whose numbers begin in the same way", () =>
    Effect.gen(function* () {
      const { core, link } = yield* world
      const told: Array<number> = []
      const command = () => {
        core.command({
          bytes: new Uint8Array(1),
          deadlineMs: 1000,
          done: (_reply, slot) => void told.push(slot)
        })
        core.flush()
      }
      command()
      command()
      const [_tag, flat] = expired(1)
      core.heard({ _tag, session, flat }, leader)
      core.heard({ _tag: "Opened", client, session: SessionId(10) }, leader)
      core.listening(SessionId(10))
      command()
      core.heard({ _tag, session, flat: [1, 20, 0, "old"] }, leader)
      core.heard({ _tag, session: SessionId(4000), flat: [1, 21, 0, "of nobody"] }, leader)
      assert.deepStrictEqual(told, [0])
      core.heard({ _tag, session: SessionId(10), flat: [1, 22, 0, "new"] }, leader)
      assert.deepStrictEqual(told, [0, 22])
      assert.strictEqual(link.leader, leader)
    })
  )

  it.effect("is forgotten, too, where the last of its commands is refused as malformed", () =>
    Effect.gen(function* () {
      const { core, command, forgotten } = yield* world
      command()
      command()
      const [_tag, flat] = expired(1)
      core.heard({ _tag, session, flat }, leader)
      const refusal = { _tag: "Malformed", reason: "too large" } as const
      core.heard({ _tag: "SubmitRefused", submission: 2, refusal }, leader)
      assert.deepStrictEqual(forgotten, [session])
    })
  )
})

describe("a client that is closed", () => {
  it.effect("leaves open what it has sent, and says that nothing was done of what it has not", () =>
    Effect.gen(function* () {
      const exchange = yield* makeMemoryExchange()
      const { core } = coreOver(yield* exchange.connect)
      const told: Array<readonly [string, string | undefined]> = []
      const command = (name: string) =>
        core.command({
          bytes: new Uint8Array(1),
          deadlineMs: 1000,
          done: (_reply, _slot, failure) => void told.push([name, failure?._tag])
        })
      core.listening(session)
      command("sent")
      core.flush()
      command("not sent")
      core.question({
        bytes: new Uint8Array(1),
        deadlineMs: 1000,
        done: (_reply, _slot, failure) => void told.push(["question", failure?._tag])
      })
      core.close()
      assert.deepStrictEqual(told, [
        ["sent", "Indeterminate"],
        ["not sent", "Unavailable"],
        ["question", "Unavailable"]
      ])
      core.heard({ _tag: "Results", session, flat: [1, 9, 0, "late"] }, leader)
      assert.strictEqual(told.length, 3)
    })
  )
})
