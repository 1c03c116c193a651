/** The master as an actor: the requests of a group one after the other, each durable before its answer. */
import { Effect } from "effect"
import type { Ballot, GroupId } from "../../protocol/ids.ts"
import { type MasterState, masterStep } from "../../protocol/master/master.ts"
import type { MasterReply, MasterRequest } from "../../protocol/messages.ts"
import { spawnBatch } from "../../runtime/actor-spawn.ts"
import { hint } from "../../runtime/buggify.ts"
import { crash } from "../../runtime/supervisor.ts"
import type { Register, RegisterFailure } from "./register.ts"
import type { RegisterUnavailable } from "./register-errors.ts"

export interface MasterMessage {
  /** Subject that the answer goes to. */
  readonly replyTo: string
  readonly group: GroupId
  readonly request: MasterRequest
  /** The ballot that the asker's acceptor has promised. */
  readonly promised: Ballot
}

export interface MasterOptions {
  readonly name: string
  readonly register: Register
  readonly reply: (message: MasterMessage, reply: MasterReply) => void
  /** The register cannot be used any more. */
  readonly onFailure: (failure: Exclude<RegisterFailure, RegisterUnavailable>) => void
  /** A request was left without an answer: it is for the asker to ask again, or somebody else. */
  readonly onUnavailable: () => void
}

/** Spawns the master of all groups. It is passive: it answers requests and starts nothing. */
export const spawnMaster = (options: MasterOptions) => {
  const { register, reply, onFailure, onUnavailable } = options
  // Another node's master may have written meanwhile: then the step is taken again from what it wrote.
  const handle = (message: MasterMessage): Effect.Effect<void, RegisterFailure> =>
    Effect.gen(function* () {
      const { group, request } = message
      const { version, state } = yield* register.read(group)
      const behind = behindAcceptor(state, message)
      if (behind !== undefined) return reply(message, behind)
      const step = masterStep(state, request)
      const settled = step.state === state || (yield* register.compareAndSet(group, version, step.state))
      if (!settled) return yield* handle(message)
      hint("after the master wrote, before its reply")
      reply(message, step.reply)
    })
  const attend = (message: MasterMessage): Effect.Effect<void> =>
    Effect.catch(handle(message), (failure) =>
      Effect.sync(() => {
        if (failure._tag === "RegisterUnavailable") onUnavailable()
        else onFailure(failure)
      })
    )
  return spawnBatch<MasterMessage>({
    name: options.name,
    supervision: crash,
    // A batch holds what waits for many groups, as after the loss of a node that led them all. Mostly it is
    // one request, which needs no fiber of its own.
    receive: (batch) =>
      batch.length === 1
        ? attend(batch[0]!)
        : Effect.forEach(byGroup(batch), (messages) => Effect.forEach(messages, attend, { discard: true }), {
            concurrency: "unbounded",
            discard: true
          })
  })
}

const byGroup = (batch: ReadonlyArray<MasterMessage>): ReadonlyArray<ReadonlyArray<MasterMessage>> => {
  const groups = new Map<GroupId, Array<MasterMessage>>()
  for (const message of batch) {
    const messages = groups.get(message.group)
    if (messages === undefined) groups.set(message.group, [message])
    else messages.push(message)
  }
  return [...groups.values()]
}

/**
 * Whoever was promised a ballot had it from a master: one that has yet to issue it has lost its memory, and
 * must not hand it out a second time.
 */
const behindAcceptor = (state: MasterState, message: MasterMessage): MasterReply | undefined => {
  const { promised, request } = message
  if (promised < state.nextBallot) return undefined
  const reason =
    `the master's state is an old copy: an acceptor has promised ballot ${promised}, ` +
    `and the next to be issued is ${state.nextBallot}; put back the newest state`
  return { _tag: "Refused", requestId: request.requestId, reason }
}
