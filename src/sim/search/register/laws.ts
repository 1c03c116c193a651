/** What has become of a register in one state, and what must hold of it. */
import type { NodeId } from "../../../protocol/ids.ts"
import { isAbove, type Outcome, type RegisterValue, type Ticket } from "../../../protocol/master/cas-paxos.ts"

/** A keeper's disk has accepted a value. */
export interface Vote {
  readonly node: NodeId
  readonly ticket: Ticket
  readonly value: RegisterValue
}

/** Written apart from the cores: nothing here counts with their majorities. */
export interface History {
  /** What one disk alone has accepted under a ticket, lowest ticket first: a second one may follow. */
  readonly votes: ReadonlyArray<Vote>
  /** The text of each version that two of the three disks accepted under one ticket. */
  readonly decided: ReadonlyMap<number, string>
  /** The highest version that anybody was told of. */
  readonly told: number
}

export const noHistory: History = { votes: [], decided: new Map(), told: 0 }

/** Somebody was told an outcome: `least` is the version that had been told when the operation began. */
export interface Told {
  readonly outcome: Outcome
  readonly least: number
  /** The value that it wrote. */
  readonly written: RegisterValue | undefined
}

const same = (a: Ticket, b: Ticket): boolean => a.number === b.number && a.proposer === b.proposer

/** The history after a disk has accepted a value; a sentence, where that breaks the chain of versions. */
export const voted = (before: History, vote: Vote): History | string => {
  const { version, text } = vote.value
  const known = before.decided.get(version)
  // To decide it again changes nothing.
  if (known === text) return before
  const other = before.votes.find(({ ticket }) => same(ticket, vote.ticket))
  if (other?.node === vote.node) return before
  if (other === undefined)
    return {
      ...before,
      votes: [...before.votes, vote].sort((a, b) => (isAbove(a.ticket, b.ticket) ? 1 : -1))
    }
  if (known !== undefined) return `one chain: version ${version} was decided as ${known} and as ${text}`
  if (version > 1 && !before.decided.has(version - 1))
    return `one chain: version ${version} was decided without the one before it`
  const votes = before.votes.filter(({ value }) => value.version !== version || value.text !== text)
  return { ...before, votes, decided: new Map(before.decided).set(version, text) }
}

/** The history after somebody was told an outcome. */
export const told = (before: History, { outcome, least, written }: Told): History | string => {
  if (outcome._tag === "Differs") return before
  const value = outcome._tag === "Value" ? outcome.value : written
  const version = value?.version ?? 0
  if (version < least) return `no stale read: version ${version} was read after ${least} had been told`
  if (value !== undefined && before.decided.get(version) !== value.text)
    return `nothing told is lost: version ${version} was told as ${value.text}, which no majority has on disk`
  return version <= before.told ? before : { ...before, told: version }
}
