/** A master that knows less than an acceptor has promised answers nothing by what it knows. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Ballot, GroupId, NodeId, StorageId } from "../../protocol/ids.ts"
import { emptyMaster, type MasterState } from "../../protocol/master/master.ts"
import type { MasterReply, MasterRequest } from "../../protocol/messages.ts"
import { passing } from "../node/passing.test-support.ts"
import { spawnMaster } from "./master.ts"
import type { Register } from "./register.ts"

const a = { node: NodeId("a"), storage: StorageId("a") }
const active = { ballot: Ballot(2), generation: 0, leader: a, acceptors: [a] }

/** What a master that issued ballot 4 last says to a leader whose acceptor has promised this one. */
const askedBy = Effect.fnUntraced(function* (promised: number) {
  const state = { ...emptyMaster(), nextBallot: Ballot(5), active }
  const replies: Array<MasterReply> = []
  let writes = 0
  const register: Register = {
    read: () => Effect.succeed({ version: 1, state }),
    compareAndSet: () => Effect.sync(() => ++writes > 0)
  }
  const master = yield* spawnMaster({
    name: "m/master",
    register,
    reply: (_message, reply) => void replies.push(reply),
    onFailure: (failure) => assert.fail(failure.message),
    onUnavailable: () => assert.fail("its register is there")
  })
  const request = { _tag: "NewBallot", requestId: "r", leader: a, acceptors: [a] } as const
  master.offerUnsafe({ replyTo: "a", group: GroupId("main"), request, promised: Ballot(promised) })
  yield* passing(Effect.sleep(20))
  return { reply: replies[0], writes }
})

describe("a master", () => {
  it.effect("answers all that waits by one look, and writes all steps of it at once", () =>
    Effect.gen(function* () {
      let state = { ...emptyMaster(), nextBallot: Ballot(5), active } as MasterState
      const done: Array<string> = []
      const later = <A>(what: string, come: () => A) =>
        Effect.delay(
          Effect.sync(() => {
            done.push(what)
            return come()
          }),
          100
        )
      const register: Register = {
        read: () => later("read", () => ({ version: 1, state })),
        compareAndSet: (_group, _expected, next) =>
          later("write", () => {
            state = next
            return true
          })
      }
      const master = yield* spawnMaster({
        name: "m/master",
        register,
        reply: ({ replyTo }, reply) => void done.push(`${replyTo}: ${reply._tag}`),
        onFailure: (failure) => assert.fail(failure.message),
        onUnavailable: () => assert.fail("its register is there")
      })
      const ask = (replyTo: string, request: MasterRequest) =>
        master.offerUnsafe({ replyTo, group: GroupId("main"), request, promised: Ballot(0) })
      const look = { _tag: "ReadMaster", requestId: "look" } as const
      ask("first", look)
      yield* passing(Effect.sleep(50))
      for (const one of ["a", "b"])
        ask(one, { _tag: "NewBallot", requestId: one, leader: a, acceptors: [a] } as const)
      for (const one of ["c", "d", "c"]) ask(one, look)
      yield* passing(Effect.sleep(1000))
      const all = [
        "first: MasterRead",
        "read",
        "c: MasterRead",
        "d: MasterRead",
        "write",
        "a: Issued",
        "b: Issued"
      ]
      assert.deepStrictEqual(done, ["read", ...all])
      assert.strictEqual(state.nextBallot, 7)
    })
  )

  it.effect("issues the next ballot to a leader whose acceptor has promised the one before", () =>
    Effect.gen(function* () {
      const { reply, writes } = yield* askedBy(4)
      assert.deepInclude(reply, { _tag: "Issued", configuration: { ...active, ballot: Ballot(5) } })
      assert.strictEqual(writes, 1)
    })
  )

  it.effect("issues no ballot that an acceptor has promised already: its state is an old copy", () =>
    Effect.gen(function* () {
      const { reply, writes } = yield* askedBy(5)
      assert.strictEqual(
        reply?._tag === "Refused" && /an old copy: .* promised ballot 5/.test(reply.reason),
        true
      )
      assert.strictEqual(writes, 0)
    })
  )
})
