/** Once: what a client was told is in the log at its slot, and no command takes effect at two slots. */
import { law } from "./laws.ts"

export const once = law("acknowledged, and once", "9.2, 9.7, 5", (facts, broken) => {
  const slotOf = new Map<number, number>()
  /** Told to clients before any replica has applied them. */
  const early = new Map<number, number>()
  return {
    onApplied: ({ node, slot, command }) => {
      if (early.size > 0 && early.has(slot)) {
        if (early.get(slot) !== command)
          broken(`a client was told that its command is at slot ${slot}; ${node} applied another one there`)
        early.delete(slot)
      }
      const intended = facts.ledger.unique.get(command)
      if (intended === undefined) return
      if (intended !== facts.group) broken(`a command for the group ${intended} took effect here, on ${node}`)
      const other = slotOf.get(command)
      if (other === undefined) slotOf.set(command, slot)
      else if (other !== slot) broken(`a command took effect at slots ${other} and ${slot}, seen on ${node}`)
    },
    onAcknowledged: ({ slot, command }) => {
      if (slot > facts.chosen.last)
        broken(`a client was told of slot ${slot}; only ${facts.chosen.last} slots are chosen`)
      const applied = facts.commands[slot]
      if (applied === undefined) early.set(slot, command)
      else if (applied !== command)
        broken(`a client was told that its command is at slot ${slot}, where another one is`)
    },
    atEnd: () => {
      for (const { slot, command, group } of facts.ledger.acknowledged) {
        if (group !== facts.group) continue
        if (slot > facts.chosen.last || facts.commands[slot] !== command)
          broken(`a client was told that its command is at slot ${slot}, and it is there no more`)
      }
    }
  }
})
