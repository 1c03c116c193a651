/**
 * Snapshots hold what was cut off: a log begins behind a base only where the disk has a sound snapshot of
 * that slot or a later one, whose state is that of the replicas.
 */
import { reachable } from "../assert.ts"
import { law } from "./laws.ts"

const pulled = reachable("snapshots: a log begins behind a snapshot of another node")

export const snapshots = law("a snapshot holds what was cut off", "7", (facts, broken) => {
  /** Hash of the state by the slot of the command that made it. */
  const states: Array<number | undefined> = []
  /** The state that all commands through a slot make, where it is known. */
  const stateAt = (slot: number): number | undefined => {
    for (let at = slot; at > 0; at--) {
      if (states[at] !== undefined) return states[at]
      if (facts.commands[at] !== undefined) return undefined
    }
    return undefined
  }
  return {
    onApplied: ({ slot, state }) => {
      states[slot] ??= state
    },
    onCut: (of, base, fromElsewhere) => {
      if (fromElsewhere) pulled.reach()
      if (base.slot > facts.chosen.last)
        broken(`${of.node} begins behind slot ${base.slot}; only ${facts.chosen.last} slots are chosen`)
      if (base.ballot !== facts.chosen.ballots[base.slot - 1])
        broken(
          `${of.node} begins behind slot ${base.slot} of ballot ${base.ballot}, chosen is ` +
            facts.chosen.show(base.slot)
        )
      const held = of.snapshots().filter(({ slot }) => slot >= base.slot)
      if (held.length === 0)
        broken(`${of.node} has cut its log through slot ${base.slot}, and has no sound snapshot of that`)
      for (const { slot, ballot, state } of held) {
        if (slot > facts.chosen.last) broken(`${of.node} has a snapshot of slot ${slot}, which is not chosen`)
        if (ballot !== facts.chosen.ballots[slot - 1])
          broken(
            `${of.node} has a snapshot of slot ${slot} and ballot ${ballot}; it is ${facts.chosen.show(slot)}`
          )
        const known = stateAt(slot)
        if (known !== undefined && known !== state)
          broken(`${of.node} has a snapshot of slot ${slot} with another state than the replicas have there`)
      }
    }
  }
})
