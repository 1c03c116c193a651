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
  /** Tells what is to those who look, and takes the steps of the others: one write makes them all durable. */
  const handle = (messages: ReadonlyArray<MasterMessage>): Effect.Effect<void, RegisterFailure> =>
    Effect.gen(function* () {
      const { group } = messages[0]!
      const { version, state } = yield* register.read(group)
      const looks = stepsOf(state, messages.filter(isLook))
      if (looks.replies.length > 0) hint("after the master wrote, before its reply")
      for (const [message, answer] of looks.replies) reply(message, answer)
      const changes = messages.filter((message) => !isLook(message))
      if (changes.length === 0) return
      const { next, replies } = stepsOf(state, changes)
      // Another node's master may have written meanwhile: then the steps are taken again from what it wrote.
      const settled = next === state || (yield* register.compareAndSet(group, version, next))
      if (!settled) return yield* handle(changes)
      hint("after the master wrote, before its reply")
      for (const [message, answer] of replies) reply(message, answer)
    })
  const attend = (messages: ReadonlyArray<MasterMessage>): Effect.Effect<void> =>
    Effect.catch(handle(messages), (failure) =>
      Effect.sync(() => {
        if (failure._tag === "RegisterUnavailable") for (const _ of messages) onUnavailable()
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
        ? attend(batch)
        : Effect.forEach(byGroup(batch), attend, { concurrency: "unbounded", discard: true })
  })
}

const isLook = ({ request }: MasterMessage): boolean => request._tag === "ReadMaster"

/**
 * What waits, by group; a second copy of a question is none. All of a group is done at once: where masters
 * are far from each other an operation takes so long that questions would come faster than they are answered.
 */
const byGroup = (batch: ReadonlyArray<MasterMessage>): ReadonlyArray<ReadonlyArray<MasterMessage>> => {
  const groups = new Map<GroupId, Map<string, MasterMessage>>()
  for (const message of batch) {
    const { group, replyTo, request } = message
    const messages = groups.get(group) ?? new Map<string, MasterMessage>()
    groups.set(group, messages.set(`${replyTo} ${request.requestId}`, message))
  }
  return [...groups.values()].map((messages) => [...messages.values()])
}

/** The state after all of them, and what each is told. */
const stepsOf = (state: MasterState, messages: ReadonlyArray<MasterMessage>) => {
  let next = state
  const replies = messages.map((message) => {
    const behind = behindAcceptor(next, message)
    if (behind !== undefined) return [message, behind] as const
    const step = masterStep(next, message.request)
    next = step.state
    return [message, step.reply] as const
  })
  return { next, replies }
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
