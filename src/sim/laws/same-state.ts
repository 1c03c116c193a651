/** Same state: replicas that applied the same prefix are equal, slot by slot, over all lives. */
import type { ReplicaState } from "../../protocol/replica.ts"
import { law } from "./laws.ts"

const mixed = (hash: number, value: number): number => Math.imul(hash ^ value, 0x9e3779b1)

/** In whatever order they stand: all that decides what becomes of a command, times included. */
const hashOfSessions = ({ atMs, sessions }: ReplicaState): number => {
  let sum = mixed(mixed(atMs, sessions.ttlMs), sessions.sweptMs)
  for (const [id, { client, seenMs, received, replies }] of sessions.byId) {
    let hash = mixed(mixed(mixed(id, seenMs), received), sessions.byClient.get(client) ?? 0)
    for (const number of replies.numbers()) hash = mixed(hash, number)
    sum = (sum + hash) | 0
  }
  return sum
}

export const sameState = law("same prefix, same state", "9.6", (facts, broken) => {
  const fingerprints: Array<number | undefined> = []
  const states: Array<number | undefined> = []
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
    onApplied: ({ node, slot, fingerprint, state }) => {
      compare(fingerprints, slot, fingerprint, node, "command or reply")
      if (state !== undefined) compare(states, slot, state, node, "state")
    },
    atEnd: () => {
      const tables: Array<number | undefined> = []
      for (const { node, parts } of facts.running.values()) {
        compare(tables, parts.replica.applied, hashOfSessions(parts.replica), node, "table of sessions")
      }
    }
  }
})
