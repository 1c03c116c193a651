/** Same state: replicas that applied the same prefix are equal, slot by slot, over all lives. */
import { law } from "../laws.ts"

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
      const sessions: Array<number | undefined> = []
      for (const { node, parts } of facts.running.values()) {
        const { applied, sessions: table } = parts.replica
        let sum = 0
        for (const [id, { received, replies }] of table.byId) {
          let numbers = 0
          for (const number of replies.numbers()) numbers = (Math.imul(numbers, 31) + number) | 0
          sum = (sum + Math.imul(id ^ Math.imul(received, 0x9e3779b1), 0x85ebca6b) + numbers) | 0
        }
        compare(sessions, applied, sum, node, "table of sessions")
      }
    }
  }
})
