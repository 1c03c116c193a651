/** Answers operators: what they ask of a group goes to whoever leads it here. */
import { Effect } from "effect"
import type { GroupId, NodeId } from "../protocol/ids.ts"
import type { OperatorAnswer, OperatorRequest } from "../protocol/messages.ts"
import { spawnEach } from "../runtime/actor-spawn.ts"
import { crash } from "../runtime/supervisor.ts"
import type { Members } from "./members.ts"
import { count, type NodeContext } from "./node-context.ts"

/** Where a group's operators are served. */
export interface Operated {
  readonly members: Members
  /** Who leads, as far as this node knows. */
  readonly leaderHint: () => NodeId | undefined
}

interface Ask {
  readonly group: GroupId
  readonly request: OperatorRequest
  readonly replyTo: string
}

/** Operators are few; who is not heard asks again. */
const waitingMax = 64

/** Serves operators in the scope. */
export const serveOperators = Effect.fnUntraced(function* (
  context: NodeContext,
  groups: ReadonlyMap<GroupId, Operated>
) {
  const { subjects, self, counters } = context
  const answerTo = (group: GroupId, replyTo: string, answer: OperatorAnswer): void => {
    context.publish(replyTo, group, { _tag: "OperatorReply", answer })
  }
  const actor = yield* spawnEach<Ask>({
    name: `${self.node}/operators`,
    mailbox: { capacity: waitingMax },
    supervision: crash,
    receive: ({ group, request, replyTo }) => {
      const operated = groups.get(group)
      if (operated === undefined) return answerTo(group, replyTo, noGroup(group, self.node))
      return Effect.map(operated.members.operate(request), (answer) => {
        const isLost = answer._tag === "NotLeader"
        answerTo(group, replyTo, isLost ? { ...answer, leader: operated.leaderHint() } : answer)
      })
    }
  })
  yield* context.listen(subjects.operator(self.node), ({ body, group }, replyTo) => {
    if (body._tag !== "OperatorAsk" || replyTo === undefined) return count(counters, "not of an operator")
    if (!actor.offerUnsafe({ group, request: body.request, replyTo })) count(counters, "too many operators")
  })
  return actor
})

const noGroup = (group: GroupId, node: NodeId): OperatorAnswer => ({
  _tag: "Refused",
  reason: `${node} has no part in the group ${group}`
})
