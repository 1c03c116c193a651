/** A client whose session has no numbers left goes on in another one, and each command still runs once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, type SessionId, slotPlus } from "../protocol/ids.ts"
import type { AnyMachine } from "../protocol/learner/machine.ts"
import { applyRun, emptyReplica } from "../protocol/learner/replica.ts"
import { countClientEntries } from "../protocol/log/entry.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { codec, coreOver, leader, subjects } from "./group-core.test-support.ts"

const plain = { encode: (value: unknown) => value, decode: (value: unknown) => value }
/** Keeps the commands that it has run, and replies with how many. */
const recorder: AnyMachine = {
  name: "recorder",
  version: 1,
  initial: () => [],
  apply: (state, command) => [[...(state as ReadonlyArray<unknown>), command], (state as []).length + 1],
  answer: () => null,
  forms: { state: plain, command: plain, reply: plain, question: plain, answer: plain } as never
}

/** A client whose sessions take four commands each, and a leader of one replica that runs what it is sent. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const bus = yield* exchange.connect
  const replica = emptyReplica(recorder)
  /** What it does not hear, does not answer, or hears twice. */
  const leaderIs = { deaf: false, mute: false, doubling: false }
  const submissions: Array<Uint8Array> = []
  const run = (bytes: Uint8Array) => {
    const first = slotPlus(replica.applied, 1)
    const count = countClientEntries(bytes)!
    const heard: Array<() => void> = []
    applyRun(
      replica,
      recorder,
      (command) => command[0],
      { ballot: Ballot(2), first, count, atMs: 0, bytes },
      {
        result: ({ session, number, slot, outcome, reply }) => {
          const flat = [number, slot, outcome === "done" ? 0 : 1, reply]
          heard.push(() => core.heard({ _tag: "Results", session, flat }, leader))
        },
        opened: (opened) => heard.push(() => core.heard({ _tag: "Opened", ...opened }, leader))
      }
    )
    if (!leaderIs.mute) for (const tell of heard) tell()
  }
  yield* bus.subscribe(subjects.node(leader), {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (leaderIs.deaf || typeof packet === "string" || packet.body._tag !== "Submit") return
      submissions.push(packet.body.bytes)
      run(packet.body.bytes)
      if (leaderIs.doubling) run(packet.body.bytes)
    }
  })
  const had: Array<SessionId> = []
  const heardOf: Array<SessionId> = []
  const listen = (session: SessionId) => {
    had.push(session)
    heardOf.push(session)
    core.listening(session)
  }
  const forget = (session: SessionId) => void heardOf.splice(heardOf.indexOf(session), 1)
  const { clock, core } = coreOver(bus, { listen, forget, sessionNumbers: 4 })
  const told: Array<unknown> = []
  let next = 1
  const commands = (count: number) => {
    for (let left = count; left > 0; left--) {
      const bytes = Uint8Array.of(next++)
      core.command({ bytes, deadlineMs: 60_000, done: (reply, _, failure) => told.push(failure ?? reply) })
    }
  }
  const forMs = Effect.fnUntraced(function* (ms: number) {
    for (const untilMs = clock.ms + ms; clock.ms < untilMs; clock.ms += 50) {
      core.tick()
      core.flush()
      yield* TestClock.adjust(1)
    }
  })
  return { replica, leaderIs, submissions, run, told, had, heardOf, commands, forMs }
})

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe("a client whose sessions take four commands", () => {
  it.effect("runs ten in three sessions, of which the replicas keep the last", () =>
    Effect.gen(function* () {
      const { replica, told, had, heardOf, commands, forMs } = yield* world
      commands(10)
      yield* forMs(1000)
      assert.deepStrictEqual(told, upTo(10))
      assert.deepStrictEqual(replica.machine, upTo(10))
      assert.strictEqual(had.length, 3)
      assert.deepStrictEqual(heardOf, had.slice(2))
      assert.deepStrictEqual([...replica.sessions.byId.keys()], heardOf)
    })
  )

  it.effect("takes another one only when all of this one have their outcomes", () =>
    Effect.gen(function* () {
      const { replica, leaderIs, told, heardOf, commands, forMs } = yield* world
      commands(2)
      yield* forMs(200)
      const [first] = heardOf
      leaderIs.mute = true
      commands(4)
      yield* forMs(800)
      assert.deepStrictEqual([told, replica.machine], [upTo(2), upTo(4)])
      assert.deepStrictEqual(heardOf, [first])
      leaderIs.mute = false
      yield* forMs(5000)
      assert.deepStrictEqual([told, replica.machine], [upTo(6), upTo(6)])
      assert.notDeepEqual(heardOf, [first])
    })
  )

  it.effect("runs each once where everything arrives twice, and old copies late", () =>
    Effect.gen(function* () {
      const { replica, leaderIs, submissions, run, told, commands, forMs } = yield* world
      leaderIs.doubling = true
      commands(6)
      yield* forMs(1000)
      for (const bytes of [...submissions]) run(bytes)
      commands(6)
      yield* forMs(1000)
      for (const bytes of [...submissions]) run(bytes)
      assert.deepStrictEqual([told, replica.machine], [upTo(12), upTo(12)])
    })
  )

  it.effect("asks again for the next one, where the first request or its answer is lost", () =>
    Effect.gen(function* () {
      for (const lost of ["deaf", "mute"] as const) {
        const { leaderIs, told, replica, commands, forMs } = yield* world
        commands(4)
        yield* forMs(200)
        leaderIs[lost] = true
        commands(2)
        yield* forMs(200)
        leaderIs[lost] = false
        yield* forMs(5000)
        assert.deepStrictEqual([told, replica.machine], [upTo(6), upTo(6)])
      }
    })
  )
})
