/** What has become of a register in one state, and what must hold of it. */
import type { Outcome, RegisterValue, Ticket } from "../../../protocol/cas-paxos.ts"
import type { NodeId } from "../../../protocol/ids.ts"

interface Vote {
  readonly ticket: Ticket
  readonly value: RegisterValue
}

/** Written apart from the cores: nothing here counts with their majorities. */
export interface History {
  /** All that the disk of each keeper ever accepted. */
  readonly votes: ReadonlyMap<NodeId, ReadonlyArray<Vote>>
  /** The text of each version that two of the three disks accepted under one ticket. */
  readonly decided: ReadonlyMap<number, string>
  /** The highest version that anybody was told of. */
  readonly told: number
}

export const noHistory: History = { votes: new Map(), decided: new Map(), told: 0 }

const same = (a: Vote, b: Vote): boolean =>
  a.ticket.number === b.ticket.number && a.ticket.proposer === b.ticket.proposer

/** The history after a disk has accepted a value; a sentence, where that breaks the chain of versions. */
export const voted = (before: History, node: NodeId, vote: Vote): History | string => {
  const mine = before.votes.get(node) ?? []
  if (mine.some((one) => same(one, vote))) return before
  const votes = new Map(before.votes).set(node, [...mine, vote])
  const count = [...votes.values()].filter((all) => all.some((one) => same(one, vote))).length
  if (count < 2) return { ...before, votes }
  const { version, text } = vote.value
  const known = before.decided.get(version)
  if (known !== undefined && known !== text)
    return `one chain: version ${version} was decided as ${known} and as ${text}`
  if (version > 1 && !before.decided.has(version - 1))
    return `one chain: version ${version} was decided without the one before it`
  return { ...before, votes, decided: new Map(before.decided).set(version, text) }
}

/**
 * The history after somebody was told an outcome; `least` is the version that had been told when it began,
 * and `written` the value that it wrote.
 */
export const told = (
  before: History,
  outcome: Outcome,
  least: number,
  written: RegisterValue | undefined
): History | string => {
  if (outcome._tag === "Differs") return before
  const value = outcome._tag === "Value" ? outcome.value : written
  const version = value?.version ?? 0
  if (version < least) return `no stale read: version ${version} was read after ${least} had been told`
  if (value !== undefined && before.decided.get(version) !== value.text)
    return `nothing told is lost: version ${version} was told as ${value.text}, which no majority has on disk`
  return { ...before, told: Math.max(before.told, version) }
}
