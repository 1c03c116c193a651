/**
 * Keepers of the masters' register forget nothing: what the disk of one has promised and accepted never
 * falls, over crashes too, and it has accepted nothing above its promise.
 */
import { isAbove, type Kept, type Ticket } from "../../protocol/master/cas-paxos.ts"
import { law } from "./laws.ts"

const show = ({ number, proposer }: Ticket): string => `${number} of ${proposer}`

export const keepers = law("a keeper forgets nothing", "2", (_facts, broken) => {
  const last = new Map<string, Kept>()
  return {
    onKept: (replica, kept) => {
      const before = last.get(replica)
      last.set(replica, kept)
      const { promised, accepted } = kept
      if (isAbove(accepted, promised))
        broken(`${replica} has accepted ticket ${show(accepted)}, and promised ${show(promised)}`)
      if (before === undefined) return
      if (isAbove(before.promised, promised))
        broken(`${replica} had promised ticket ${show(before.promised)}, and now ${show(promised)}`)
      if (isAbove(before.accepted, accepted))
        broken(`${replica} had accepted ticket ${show(before.accepted)}, and now ${show(accepted)}`)
    }
  }
})
