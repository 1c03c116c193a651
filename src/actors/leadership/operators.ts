/**
 * Answers operators: what they ask of a group goes to whoever leads it here. A request counts with a pass
 * that this process has given for it just now: a copy of an old packet has none that is good.
 */
import { Effect } from "effect"
import type { GroupId, NodeId } from "../../protocol/ids.ts"
import type { OperatorRequest } from "../../protocol/messages.ts"
import { spawnEach } from "../../runtime/actor-spawn.ts"
import { crash } from "../../runtime/supervisor.ts"
import type { OperatorReply } from "../../wire/operator-codec.ts"
import { count, type NodeContext } from "../node/context.ts"
import { newToken } from "./candidate-options.ts"
import type { Members } from "./members.ts"

/** Where a group's operators are served. */
export interface Operated {
  readonly members: Members
  /** Who leads, as far as this node knows. */
  readonly leaderHint: () => NodeId | undefined
}

interface Ask {
  readonly group: GroupId
  readonly request: OperatorRequest
  readonly pass: string
  readonly replyTo: string
}

/** Operators are few; who is not heard asks again. */
const waitingMax = 64

/** Good until what is asked with it is done or refused, and no longer than a minute. */
class Passes {
  readonly #untilMs = new Map<string, number>()

  give(pass: string, nowMs: number): void {
    for (const [other, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(other)
    if (this.#untilMs.size >= passesMax) this.#untilMs.delete(this.#untilMs.keys().next().value!)
    this.#untilMs.set(pass, nowMs + passMs)
  }

  isGood(pass: string, nowMs: number): boolean {
    return (this.#untilMs.get(pass) ?? nowMs) > nowMs
  }

  spend(pass: string): void {
    this.#untilMs.delete(pass)
  }
}

const passMs = 60_000
const passesMax = 256

/** Serves operators in the scope. */
export const serveOperators = Effect.fnUntraced(function* (
  context: NodeContext,
  groups: ReadonlyMap<GroupId, Operated>
) {
  const { subjects, self, counters, monotonicMs } = context
  const passes = new Passes()
  const answerTo = ({ group, replyTo, pass }: Ask, answer: OperatorReply["answer"]): void => {
    if (answer._tag === "Done" || answer._tag === "Refused") passes.spend(pass)
    context.publish(replyTo, group, { _tag: "OperatorReply", answer })
  }
  const givePass = (ask: Ask): Effect.Effect<void> =>
    Effect.map(newToken(self), (pass) => {
      passes.give(pass, monotonicMs())
      answerTo(ask, { _tag: "AskAgain", pass })
    })
  const actor = yield* spawnEach<Ask>({
    name: `${self.node}/operators`,
    mailbox: { capacity: waitingMax },
    supervision: crash,
    receive: (ask) => {
      const { group, request, pass } = ask
      if (!passes.isGood(pass, monotonicMs())) return givePass(ask)
      const operated = groups.get(group)
      if (operated === undefined) return answerTo(ask, noGroup(group, self.node))
      return Effect.map(operated.members.operate(request), (answer) => {
        const isLost = answer._tag === "NotLeader"
        answerTo(ask, isLost ? { ...answer, leader: operated.leaderHint() } : answer)
      })
    }
  })
  yield* context.listen(subjects.operator(self.node), ({ body, group }, replyTo) => {
    if (body._tag !== "OperatorAsk" || replyTo === undefined) return count(counters, "not of an operator")
    const { request, pass } = body
    if (!actor.offerUnsafe({ group, request, pass, replyTo })) count(counters, "too many operators")
  })
  return actor
})

const noGroup = (group: GroupId, node: NodeId): OperatorReply["answer"] => ({
  _tag: "Refused",
  reason: `${node} has no part in the group ${group}`
})
