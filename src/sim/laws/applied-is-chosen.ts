/** Applied means chosen: no replica applies a slot, and no client is answered, before its entry is chosen. */
import { law } from "./laws.ts"

export const appliedIsChosen = law("applied is chosen", "4, 9.5", (facts, broken) => ({
  onAppliedThrough: (of) => {
    const { applied } = of.parts.replica
    if (applied > facts.chosen.last)
      broken(`${of.node} applied slot ${applied}; only ${facts.chosen.last} slots are chosen`)
  },
  onAcceptor: (of, _before, after) => {
    if (after.chosen > facts.chosen.last)
      broken(`${of.node} takes slot ${after.chosen} for chosen; only ${facts.chosen.last} slots are`)
  }
}))
