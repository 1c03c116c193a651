/**
 * What is owed is paid: an acknowledgement that an acceptor has kept back leaves, or one that covers it, or
 * it stands, for as long as the acceptor has turned to no other leader.
 */
import type { Accepted } from "../../protocol/messages.ts"
import { law, type WatchedGroup } from "./laws.ts"

const covers = (one: Accepted, other: Accepted): boolean =>
  one.ballot === other.ballot && one.round >= other.round && one.lastSlot >= other.lastSlot

const show = ({ lastSlot, round }: Accepted): string => `slot ${lastSlot} of round ${round}`

export const debts = law("what is owed is paid", "5.9", (facts, broken) => {
  /** What was owed and is no longer, until an answer leaves that covers it. */
  const due = new Map<WatchedGroup, Accepted>()
  /** The last answer that left, unless one before covers it: it may leave before the state is looked at. */
  const said = new Map<WatchedGroup, Accepted>()
  return {
    onAcceptor: (of, before, after) => {
      const owed = before.owing?.debt?.accepted
      if (owed === undefined || owed.ballot !== after.promised) return
      const owes = after.owing?.debt?.accepted
      if (owes !== undefined && covers(owes, owed)) return
      // It may have paid, and owe anew, all in one turn.
      const hasPaid = before.owing?.paidAtMs !== after.owing?.paidAtMs
      if (owes !== undefined && !hasPaid) broken(`${of.node} owed ${show(owed)}, and now ${show(owes)}`)
      const last = said.get(of)
      if (last === undefined || !covers(last, owed)) due.set(of, owed)
    },
    onAnswer: (of, message) => {
      if (message._tag !== "Accepted") return
      const [owed, last] = [due.get(of), said.get(of)]
      if (owed !== undefined && covers(message, owed)) due.delete(of)
      if (last === undefined || !covers(last, message)) said.set(of, message)
    },
    atEnd: () => {
      for (const [of, owed] of due)
        if (facts.running.get(of.node) === of && of.parts.acceptor().promised === owed.ballot)
          broken(`${of.node} owed ${show(owed)}, and never said so`)
    }
  }
})
