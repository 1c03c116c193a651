/** One question to the master and its answer, for those who can wait for it. */
import { Effect } from "effect"
import type { GroupId } from "../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import type { NodeContext } from "./node-context.ts"

const masterTimeoutMs = 1000

/** Undefined where no answer came: ask again, the request id makes that harmless. */
export const askMaster = Effect.fnUntraced(function* (
  context: NodeContext,
  group: GroupId,
  request: MasterRequest
): Effect.fn.Return<MasterReply | undefined> {
  const { bus, subjects, self, codec } = context
  const bytes = codec.encode(self, group, { _tag: "MasterAsk", request })
  const answer = yield* bus.request(subjects.master, bytes, masterTimeoutMs).pipe(Effect.option)
  if (answer._tag === "None") return undefined
  const packet = codec.decode(answer.value)
  const body = typeof packet === "string" ? undefined : packet.body
  return body?._tag === "MasterAnswer" ? body.reply : undefined
})
