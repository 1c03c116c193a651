/**
 * Who catches up from this node at the moment: the log is not cut off before their noses, or they would pull
 * one snapshot after the other and never arrive.
 */
import { Clock, Context, Effect } from "effect"
import type { NodeId, Slot } from "../../protocol/ids.ts"
import { knob } from "../../runtime/buggify.ts"
import { readMonotonicMs } from "../../runtime/monotonic.ts"
import type { GroupLog } from "../log/group-log.ts"

/** Whoever has asked within this time is going to ask for what comes next. */
const keptForMs = knob("laggard-kept-ms", 5000, { min: 3000, max: 5000 })
/** The log is kept for a laggard that lacks so many times what a snapshot is worth, or as much as this. */
const worthFactor = 4
const keptMinBytes = 16 << 20

export interface Laggards {
  /** A node asked for what comes after a slot, or for a piece of the snapshot of it. */
  readonly note: (node: NodeId, through: Slot) => void
  /**
   * The slot behind which entries are going to be asked for; undefined where nobody asks. Who is too far
   * behind is not waited for: a snapshot is less to send than what the log would grow by.
   */
  readonly least: () => Slot | undefined
}

/** `worthBytes` tells how much log is worth a snapshot. */
export const makeLaggards = Effect.fnUntraced(function* (
  log: Pick<GroupLog, "base" | "bytesBehind">,
  worthBytes: () => number
) {
  const clock = Context.get(yield* Effect.context<never>(), Clock.Clock)
  const nowMs = () => readMonotonicMs(clock)
  const needs = new Map<NodeId, { readonly through: Slot; readonly atMs: number }>()
  const isKept = (through: Slot): boolean =>
    through >= log.base.slot && log.bytesBehind(through) <= Math.max(keptMinBytes, worthFactor * worthBytes())
  const laggards: Laggards = {
    note: (node, through) => void needs.set(node, { through, atMs: nowMs() }),
    least: () => {
      let least: Slot | undefined
      for (const [node, { through, atMs }] of needs) {
        if (nowMs() - atMs > keptForMs.value) needs.delete(node)
        else if ((least === undefined || through < least) && isKept(through)) least = through
      }
      return least
    }
  }
  return laggards
})
