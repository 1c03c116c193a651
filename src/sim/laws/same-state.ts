/** Same state: replicas that applied the same prefix are equal, slot by slot, over all lives. */
import type { ReplicaState } from "../../protocol/learner/replica.ts"
import type { Sessions } from "../../protocol/learner/session.ts"
import { law } from "./laws.ts"

const mixed = (hash: number, value: number): number => Math.imul(hash ^ value, 0x9e3779b1)

/**
 * In whatever order they stand: all that decides what becomes of a command. Sessions that have expired by
 * `atMs` decide nothing any more, and are swept when a run ends, which is not at the same slot everywhere.
 */
const hashOfLive = ({ ttlMs, byId, byClient }: Sessions, atMs: number): number => {
  let sum = ttlMs
  for (const [id, { client, seenMs, received, replies }] of byId) {
    if (atMs - seenMs > ttlMs) continue
    let hash = mixed(mixed(mixed(id, seenMs), received), byClient.get(client) ?? 0)
    for (const number of replies.numbers()) hash = mixed(hash, number)
    sum = (sum + hash) | 0
  }
  return sum
}

/** The same with the times, those that have expired too. */
const hashOfAll = ({ atMs, sessions }: ReplicaState): number =>
  mixed(mixed(atMs, sessions.sweptMs), hashOfLive(sessions, Number.NEGATIVE_INFINITY))

export const sameState = law("same prefix, same state", "9.6", (facts, broken) => {
  const fingerprints: Array<number | undefined> = []
  const states: Array<number | undefined> = []
  /** As they stand while the command of a slot is applied. */
  const tables: Array<number | undefined> = []
  const compare = (
    known: Array<number | undefined>,
    slot: number,
    value: number,
    node: string,
    what: string
  ) => {
    const other = known[slot]
    if (other === undefined) known[slot] = value
    else if (other !== value) broken(`${node} has another ${what} at slot ${slot} than the replica before it`)
  }
  return {
    onApplied: ({ node, life, slot, atMs, fingerprint, state }) => {
      compare(fingerprints, slot, fingerprint, node, "command or reply")
      if (state === undefined) return
      compare(states, slot, state, node, "state")
      const of = facts.running.get(node)
      if (of?.life !== life) return
      compare(tables, slot, hashOfLive(of.parts.replica.sessions, atMs), node, "table of sessions")
    },
    atEnd: () => {
      const last: Array<number | undefined> = []
      for (const { node, parts } of facts.running.values()) {
        compare(last, parts.replica.applied, hashOfAll(parts.replica), node, "table of sessions")
      }
    }
  }
})
