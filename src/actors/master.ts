/** The master as an actor: one request after the other, each durable before its answer leaves. */
import { Effect } from "effect"
import type { GroupId } from "../protocol/ids.ts"
import { masterStep } from "../protocol/master.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import { spawnEach } from "../runtime/actor-spawn.ts"
import { hint } from "../runtime/buggify.ts"
import { crash } from "../runtime/supervisor.ts"
import type { Register, RegisterFailure } from "./register.ts"

export interface MasterMessage {
  /** Subject that the answer goes to. */
  readonly replyTo: string
  readonly group: GroupId
  readonly request: MasterRequest
}

export interface MasterOptions {
  readonly name: string
  readonly register: Register
  readonly reply: (message: MasterMessage, reply: MasterReply) => void
  readonly onFailure: (failure: RegisterFailure) => void
}

/** Spawns the master of all groups. It is passive: it answers requests and starts nothing. */
export const spawnMaster = (options: MasterOptions) => {
  const { register, reply, onFailure } = options
  // Another replica of the master may have written meanwhile: then the step is taken again from what it
  // wrote.
  const handle = (message: MasterMessage): Effect.Effect<void, RegisterFailure> =>
    Effect.gen(function* () {
      const { group, request } = message
      const { version, state } = yield* register.read(group)
      const step = masterStep(state, request)
      const settled = step.state === state || (yield* register.compareAndSet(group, version, step.state))
      if (!settled) return yield* handle(message)
      hint("after the master wrote, before its reply")
      reply(message, step.reply)
    })
  return spawnEach<MasterMessage>({
    name: options.name,
    supervision: crash,
    receive: (message) => Effect.catch(handle(message), (failure) => Effect.sync(() => onFailure(failure)))
  })
}
