/** One question to the master and its answer, for those who can wait for it. */
import type { Effect } from "effect"
import type { GroupId } from "../protocol/ids.ts"
import type { MasterReply, MasterRequest } from "../protocol/messages.ts"
import type { NodeContext } from "./node-context.ts"

/** Undefined where no master answered: ask again, the request id makes that harmless. */
export const askMaster = (
  context: NodeContext,
  group: GroupId,
  request: MasterRequest
): Effect.Effect<MasterReply | undefined> => context.master.ask(group, request)
