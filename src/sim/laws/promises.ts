/**
 * Promises: what an acceptor has promised never falls, over crashes too, no answer leaves before its promise
 * is durable, and no entry is of a ballot above it.
 */
import { law } from "./laws.ts"

export const promises = law("promises never fall", "9.4", (facts, broken) => ({
  onUp: (of) => {
    const { promised } = of.parts.acceptor()
    if (promised < of.disk.promised)
      broken(`${of.node} came up with promise ${promised}; its disk holds promise ${of.disk.promised}`)
  },
  onAcceptor: (of, before, after) => {
    if (after.promised < before.promised)
      broken(`${of.node} had promised ballot ${before.promised}, and now ${after.promised}`)
  },
  onAnswer: (of, message) => {
    if (message._tag !== "Prepared" && message._tag !== "Accepted") return
    of.catchUp()
    if (of.disk.promised < message.ballot) {
      const what = `${message._tag} of ballot ${message.ballot}`
      broken(`${of.node} sends ${what}, and its disk holds promise ${of.disk.promised}`)
    }
    if (message._tag === "Prepared" || of.disk.promised > message.ballot) return
    if (of.disk.entries.last < message.lastSlot)
      broken(
        `${of.node} acknowledges slot ${message.lastSlot}; its disk ends at slot ${of.disk.entries.last}`
      )
  },
  onDurable: ({ node, disk }, _first, last) => {
    const ballot = disk.entries.ballots[last - 1]
    if (ballot !== undefined && ballot > disk.promised)
      broken(`${node} holds an entry of ballot ${ballot}, and its disk promise ${disk.promised}`)
  },
  atEnd: () => {
    for (const of of facts.running.values()) {
      const { promised } = of.parts.acceptor()
      if (of.disk.promised > promised)
        broken(`${of.node} has promised ${promised}, less than its disk holds: ${of.disk.promised}`)
    }
  }
}))
