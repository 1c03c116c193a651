/**
 * Log matching: along a log ballots never fall, and equal slot and ballot means equal entry, on all disks and
 * for ever. A log that is cut goes on from the entry that it had there.
 */
import { law } from "./laws.ts"

export const logMatching = law("log matching", "3", (_facts, broken) => {
  /** By slot, the entries of each ballot that any disk ever held there. */
  const known: Array<Map<number, number> | undefined> = []
  return {
    onCut: (of, base, fromElsewhere) => {
      const held = of.disk.entries.ballots[base.slot - 1]
      if (fromElsewhere || held === undefined || held === base.ballot) return
      broken(
        `${of.node} goes on behind slot ${base.slot} of ballot ${base.ballot}, and held ballot ${held} there`
      )
    },
    onDurable: (of, first, last) => {
      const { entries } = of.disk
      for (let slot = first; slot <= last; slot++) {
        const ballot = entries.ballots[slot - 1]!
        const hash = entries.hashes[slot - 1]!
        const before = slot > 1 ? entries.ballots[slot - 2]! : 0
        if (before > ballot)
          broken(`${of.node} holds ballot ${before} at slot ${slot - 1}, then ballot ${ballot}`)
        const there = known[slot]
        if (there === undefined) {
          known[slot] = new Map([[ballot, hash]])
          continue
        }
        const other = there.get(ballot)
        if (other === undefined) there.set(ballot, hash)
        else if (other !== hash)
          broken(`ballot ${ballot} has two entries at slot ${slot}; ${of.node} holds one`)
      }
    }
  }
})
