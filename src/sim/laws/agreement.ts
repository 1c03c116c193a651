/** Agreement: no slot has two chosen values, over all ballots and all time. */
import { law } from "./laws.ts"

/**
 * Whatever a leader counts as chosen is compared with all that was counted before, by this leader or another.
 */
export const agreement = law("agreement", "9.1", (facts, broken) => ({
  onChosen: (of, _leader, from, through) => {
    const slot = facts.chosen.firstDifference(of.disk.entries, from, Math.min(through, facts.chosen.last))
    if (slot === undefined) return
    const [first, second] = [facts.chosen.show(slot), of.disk.entries.show(slot)]
    broken(`slot ${slot} was chosen as ${first}, and ${of.node} counts ${second} as chosen there`)
  }
}))
