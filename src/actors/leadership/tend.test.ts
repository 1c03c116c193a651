/** What a leader does about its acceptors while the master does not answer it. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { GroupId, NodeId, type Replica, StorageId } from "../../protocol/ids.ts"
import type { LeaderInput } from "../../protocol/leader/input.ts"
import type { MasterReply, MasterRequest } from "../../protocol/messages.ts"
import type { ActorContext } from "../../runtime/actor-handle.ts"
import type { CandidateOptions } from "./candidate-options.ts"
import { tending } from "./tend.ts"

const replica = (name: string): Replica => ({ node: NodeId(name), storage: StorageId(`disk-of-${name}`) })
const [a, b] = [replica("A"), replica("B")] as [Replica, Replica]
const activated: MasterReply = { _tag: "Refused", requestId: "read", reason: "stands for any answer" }

/** A leader of A and B, and a master that answers while `isHeard`. */
const leading = () => {
  const asked: Array<MasterRequest["_tag"]> = []
  const told: Array<LeaderInput> = []
  const world = { isHeard: true, missed: undefined as Replica | undefined }
  const acknowledged = { acknowledged: 0, confirmed: 1, next: 1, behind: false, moved: false }
  const configuration = { ballot: 1, generation: 0, leader: a.node, acceptors: [a, b] }
  const progress = new Map([a, b].map(({ node }) => [node, acknowledged]))
  const options = {
    context: {
      self: a,
      master: {
        ask: (_group: GroupId, request: MasterRequest) =>
          Effect.sync(() => {
            asked.push(request._tag)
            return world.isHeard ? activated : undefined
          })
      }
    },
    group: GroupId("main"),
    detector: { misses: (one: Replica) => one === world.missed },
    settings: { heartbeatIntervalMs: 50 },
    times: { failureTimeoutMs: 500, slowBackupMs: 1000 },
    leader: () => ({ _tag: "Serving", self: a, token: "A/1/1", configuration, progress, last: 0 }),
    toLeader: (input: LeaderInput) => told.push(input)
  } as unknown as CandidateOptions
  const tend = tending(options, () => 0).look
  const timers = { set: () => undefined }
  const look = Effect.suspend(() => tend({ timers } as unknown as ActorContext<"look">) ?? Effect.void)
  return { world, asked, told, look }
}

const times = (count: number, effect: Effect.Effect<void>) => Effect.repeat(effect, { times: count - 1 })

it.effect("a retirement whose answer was lost is asked after until the master has told", () =>
  Effect.gen(function* () {
    const { world, asked, told, look } = leading()
    world.missed = b
    world.isHeard = false
    yield* look
    world.missed = undefined
    yield* times(20, look)
    assert.deepStrictEqual(asked, ["Retire", ...Array.from({ length: 20 }, () => "ReadMaster" as const)])
    assert.deepStrictEqual(told, [])
    world.isHeard = true
    yield* times(20, look)
    // The retirement may have been late, too: it is asked for a little longer, and then no more.
    assert.deepStrictEqual(asked.slice(21), ["ReadMaster", "ReadMaster", "ReadMaster"])
    assert.strictEqual(told.length, 3)
  })
)

it.effect("a retirement that was answered leaves nothing to ask", () =>
  Effect.gen(function* () {
    const { world, asked, look } = leading()
    yield* look
    world.missed = b
    yield* look
    world.missed = undefined
    yield* times(5, look)
    assert.deepStrictEqual(asked.slice(0, 1), ["Retire"])
    assert.isFalse(asked.slice(2).includes("ReadMaster"))
  })
)
