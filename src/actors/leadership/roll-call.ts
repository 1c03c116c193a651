/**
 * What a node does for all its groups at once while they rest: it calls the roll of those that it leads,
 * hears that of the others, and looks after those that do not rest. An idle group has no timer of its own.
 */
import { Effect } from "effect"
import { GroupId, type Replica } from "../../protocol/ids.ts"
import type { RollEntry } from "../../protocol/liveness/roll.ts"
import { knob } from "../../runtime/buggify.ts"
import { every } from "../../runtime/every.ts"
import type { Packet } from "../../wire/packet.ts"
import { count, type NodeContext } from "../node/context.ts"
import { endingNode, type RoleCrashed } from "../node/end-node.ts"
import { rollEveryMs } from "./roll-every.ts"

/** A group, as far as the roll is about it. */
export interface Rolled {
  /** What this node's roll says of it; undefined where that is nothing. */
  readonly rollEntry: () => RollEntry | undefined
  /** Another node's roll names it. */
  readonly hearRoll: (from: Replica, entry: RollEntry) => void
  /** Looks whether it is led, unless it rests. */
  readonly lookAfter: () => void
}

const lookEveryMs = knob("leadership-look-ms", 500, { min: 20, max: 2000 })
/** A message with so many entries is well below what a bus takes. */
const entriesMax = 1000
const noGroup = GroupId("")

/** Calls the roll and looks around until the scope closes; the packets of other nodes go into `take`. */
export const callRoll = Effect.fnUntraced(function* (
  context: NodeContext,
  groups: ReadonlyMap<GroupId, { readonly rolled: Rolled }>,
  onFailure: (failure: RoleCrashed) => void
) {
  const { subjects, self } = context
  const call = () => {
    const entries = [...groups.values()].flatMap(({ rolled }) => rolled.rollEntry() ?? [])
    for (let from = 0; from < entries.length; from += entriesMax) {
      const some = entries.slice(from, from + entriesMax)
      context.publish(subjects.from(self.node), noGroup, { _tag: "Roll", entries: some })
    }
  }
  const look = () => {
    for (const { rolled } of groups.values()) rolled.lookAfter()
  }
  const ending = (effect: Effect.Effect<never>) => endingNode(onFailure, `${self.node}/roll-call`, effect)
  yield* Effect.forkScoped(ending(every(rollEveryMs.value, call)))
  yield* Effect.forkScoped(ending(every(lookEveryMs.value, look)))
  return {
    take: ({ from, body }: Packet): void => {
      if (body._tag !== "Roll") return
      for (const entry of body.entries) {
        const group = groups.get(entry.group)
        if (group === undefined) count(context.counters, "unknown group")
        else group.rolled.hearRoll(from, entry)
      }
    }
  }
})
