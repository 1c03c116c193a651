/**
 * One lease: while a leader may read under a lease, nobody else's ballot is active; in true time, whatever
 * the clocks of nodes show.
 */
import { leaseUntilMs } from "../../protocol/leader/held-lease.ts"
import { sometimes } from "../assert.ts"
import { law, type WatchedGroup } from "./laws.ts"

const held = sometimes("leases: a leader held one when a higher ballot was issued")
const expired = sometimes("leases: a leader that did not know better had outlived its lease")

/** By how much the lease is still valid for the node itself; undefined where it does not lead. */
const leftMs = ({ parts }: WatchedGroup): number | undefined => {
  const leader = parts.leader()
  return leader._tag === "Serving" ? leaseUntilMs(leader) - parts.nowMs() : undefined
}

export const oneLease = law("one lease", "9.3", (facts, broken) => {
  const check = (of: WatchedGroup, active: number) => {
    const leader = of.parts.leader()
    if (leader._tag !== "Serving" || leader.configuration.ballot >= active) return
    const left = leftMs(of)!
    expired.check(left <= 0)
    if (left <= 0) return
    const { ballot } = leader.configuration
    broken(`${of.node} may read in ballot ${ballot} for ${left} ms more, and ballot ${active} is active`)
  }
  return {
    onMaster: (before, after) => {
      if (before === undefined || after.nextBallot <= before.nextBallot) return
      for (const of of facts.running.values()) held.check((leftMs(of) ?? 0) > 0)
    },
    onActivated: ({ ballot }) => {
      for (const of of facts.running.values()) check(of, ballot)
    },
    onServing: (of) => check(of, facts.master?.active?.ballot ?? 0)
  }
})
