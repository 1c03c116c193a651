/** A restart remembers: a node comes up with exactly the log that its disk holds. */
import { law } from "./laws.ts"

export const restartRemembers = law("a restart remembers", "8", (_facts, broken) => ({
  onUp: (of) => {
    const { log } = of.parts
    const { entries, leaseNotedMs } = of.disk
    if (log.groupNumber !== of.numberOnDisk)
      broken(`${of.node} has number ${log.groupNumber} for the group; its disk has ${of.numberOnDisk}`)
    if (log.leaseNotedMs !== leaseNotedMs)
      broken(`${of.node} knows of leases of ${log.leaseNotedMs} ms; its disk of ${leaseNotedMs} ms`)
    if (log.last !== entries.last)
      broken(`${of.node} came up with ${log.last} entries; its disk holds ${entries.last}`)
    if (log.base.slot !== of.disk.base.slot)
      broken(`${of.node} begins behind slot ${log.base.slot}; its disk behind ${of.disk.base.slot}`)
    for (let slot = log.first; slot <= entries.last; slot++) {
      if (log.ballotAt(slot) === entries.ballots[slot - 1]) continue
      const held = log.ballotAt(slot)
      broken(`${of.node} came up with ballot ${held} at slot ${slot}; its disk holds ${entries.show(slot)}`)
    }
  }
}))
