/**
 * For how long a leader has been waiting for each of its acceptors: since every write waits for all of them,
 * one slow backup is everybody's latency.
 */
import type { NodeId, Slot } from "../ids.ts"
import type { Replication } from "../replication/progress.ts"

/** What an acceptor has been waited for, and since when. */
interface Wait {
  readonly through: Slot
  readonly sinceMs: number
}

/** What was seen at a look. Who has acknowledged everything is not waited for. */
export interface Waits {
  readonly lookedAtMs: number
  readonly of: ReadonlyMap<NodeId, Wait>
}

/**
 * Looks at the acceptors of a ballot. `blindMs` is how far apart two looks may be: after a longer time this
 * node stood still itself, and nobody is blamed for it.
 */
export const lookAtWaits = (
  before: Waits | undefined,
  { progress, last }: Replication,
  nowMs: number,
  blindMs: number
): Waits => {
  const known = before !== undefined && nowMs - before.lookedAtMs <= blindMs ? before.of : new Map()
  const of = new Map<NodeId, Wait>()
  for (const [node, { acknowledged, confirmed }] of progress) {
    if (confirmed > 0 && acknowledged >= last) continue
    const wait: Wait | undefined = known.get(node)
    const goesOn = wait !== undefined && (confirmed === 0 || acknowledged < wait.through)
    of.set(node, goesOn ? wait : { through: last, sinceMs: nowMs })
  }
  return { lookedAtMs: nowMs, of }
}

/** For how long this acceptor has been waited for, in milliseconds. */
export const waitMs = ({ lookedAtMs, of }: Waits, node: NodeId): number =>
  lookedAtMs - (of.get(node)?.sinceMs ?? lookedAtMs)

/**
 * Who alone is to blame: waited for for `slowMs`, while all others answer in half that time. Undefined where
 * nobody is, and where more than one is: then it may be the leader, or the bus.
 */
export const slowest = (waits: Waits, slowMs: number): NodeId | undefined => {
  const late = [...waits.of.keys()].filter((node) => waitMs(waits, node) >= slowMs / 2)
  const [one] = late
  return one !== undefined && late.length === 1 && waitMs(waits, one) >= slowMs ? one : undefined
}
