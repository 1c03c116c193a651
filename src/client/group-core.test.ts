/** What a client knows before its leader, it brings that leader with what it sends next, once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ballot, ClientId, GroupId, NodeId, SessionId, Slot } from "../protocol/ids.ts"
import type { Counted } from "../protocol/messages.ts"
import { makeMemoryExchange } from "../runtime/bus/memory.ts"
import { packetCodec } from "../wire/packet.ts"
import { subjectsOf } from "../wire/subjects.ts"
import { GroupCore } from "./group-core.ts"
import { Link } from "./link.ts"

const [client, group, leader] = [ClientId("c1"), GroupId("main"), NodeId("n1")]
const session = SessionId(4)

/** A client with a session, and a leader that only listens. */
const world = Effect.gen(function* () {
  const exchange = yield* makeMemoryExchange()
  const bus = yield* exchange.connect
  const subjects = subjectsOf("c")
  const codec = packetCodec("c")
  const heard: Array<Counted | undefined> = []
  yield* bus.subscribe(subjects.node(leader), {
    onMessage: (payload) => {
      const packet = codec.decode(payload)
      if (typeof packet === "string") return
      const { body } = packet
      if (body._tag === "Submit" || body._tag === "Query") heard.push(body.counted)
    }
  })
  const run = () => {}
  const options = { bus, subjects, codec, client, group, nowMs: () => 0, random: () => 1 }
  const link = new Link({ ...options, run, onFound: run })
  const core = new GroupCore({ client, link, nowMs: () => 0, listen: run })
  link.announced(leader, Ballot(2))
  core.listening(session)
  const command = () => {
    core.command({ bytes: new Uint8Array(1), deadlineMs: 1000, done: () => {} })
    core.flush()
  }
  const foreseen = (number: number, slot: number) => {
    const flat = [number, slot, 0, "reply"]
    core.foreseen({ _tag: "Foretold", ballot: Ballot(2), slot: Slot(slot), waitsFor: [], session, flat })
  }
  return { core, heard, command, foreseen }
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
      const { core, heard, command, foreseen } = yield* world
      command()
      foreseen(1, 9)
      foreseen(2, 10)
      core.question({ bytes: new Uint8Array(1), deadlineMs: 1000, done: () => {} })
      core.flush()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(heard, [undefined, { ballot: Ballot(2), slot: Slot(10) }])
    })
  )
})
