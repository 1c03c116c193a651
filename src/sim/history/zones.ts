/**
 * Decides a register in O(n log n) where each value that was seen has one producer, after Gibbons and Korach.
 *
 * The operations on one value stand together in every order, and a cas ties the values it joins into one
 * block, whose inner order is fixed. Of a block only two instants matter: its earliest return and its
 * latest invocation. Block A must come before block B exactly if A's earliest return is before B's latest
 * invocation. If that relation has a circle it has a circle of two: the member with the latest invocation
 * comes after all others, and before its successor. So an order exists exactly if no two blocks must each
 * come before the other.
 */
import { isClosed, type Partition, type Transition } from "./model.ts"
import { seenValues } from "./unnoticed.ts"

/** `culprits`: positions of operations that cannot be placed together. */
type ZoneVerdict =
  | { readonly verdict: "linearizable" | "not-applicable" }
  | { readonly verdict: "not-linearizable"; readonly culprits: ReadonlyArray<number> }

const notApplicable: ZoneVerdict = { verdict: "not-applicable" }

/** Operations that stand together. */
interface Block {
  readonly members: ReadonlyArray<number>
  readonly earliestReturn: number
  readonly latestCall: number
}

/**
 * One value: who produced it (-1: it was there from the start), who only saw it, and the cas that took it
 * away.
 */
interface Cluster {
  readonly producer: number
  readonly observers: Array<number>
  taker: number
}

/** Several producers of one value. */
const several = -2

class Zones {
  private readonly partition: Partition<Transition>
  private readonly initial: number
  private readonly producers = new Map<number, number>()
  private readonly clusters = new Map<number, Cluster>()
  private readonly culprits: Array<number> = []

  constructor(partition: Partition<Transition>, initial: number) {
    this.partition = partition
    this.initial = initial
  }

  decide(): ZoneVerdict {
    const { commands } = this.partition
    for (const { differs, suffix } of commands) if (differs >= 0 || suffix !== undefined) return notApplicable
    this.findProducers()
    const seen = seenValues(commands, this.partition)
    let phantom = -1
    for (const value of seen) {
      const producer = this.producers.get(value)
      if (producer === several) return notApplicable
      if (producer === undefined) phantom = value
    }
    if (phantom >= 0) {
      const culprits = [...commands.keys()].filter((index) => commands[index]!.observes === phantom)
      return { verdict: "not-linearizable", culprits }
    }
    const blocks = this.gather(seen) ? this.join() : undefined
    if (blocks === undefined || this.conflict(blocks)) {
      return { verdict: "not-linearizable", culprits: this.culprits.sort((a, b) => a - b) }
    }
    return { verdict: "linearizable" }
  }

  private findProducers(): void {
    this.producers.set(this.initial, -1)
    for (const [index, { observes, produces }] of this.partition.commands.entries()) {
      if (produces < 0 || produces === observes) continue
      this.producers.set(produces, this.producers.has(produces) ? several : index)
    }
  }

  /** Puts each operation into its cluster; false if two cas took away the same value. */
  private gather(seen: ReadonlySet<number>): boolean {
    const { commands } = this.partition
    this.clusters.set(-1, { producer: -1, observers: [], taker: -1 })
    for (const [index, { observes, produces }] of commands.entries()) {
      if (produces < 0 || produces === observes || !(isClosed(this.partition, index) || seen.has(produces)))
        continue
      this.clusters.set(index, { producer: index, observers: [], taker: -1 })
    }
    for (const [index, { observes, produces }] of commands.entries()) {
      const isMember = isClosed(this.partition, index) || this.clusters.has(index)
      if (observes < 0 || !isMember) continue
      const cluster = this.clusters.get(this.producers.get(observes)!)!
      if (produces < 0 || produces === observes) cluster.observers.push(index)
      else if (cluster.taker === -1) cluster.taker = index
      else {
        this.culprits.push(cluster.taker, index)
        if (cluster.producer >= 0) this.culprits.push(cluster.producer)
        return false
      }
    }
    return true
  }

  /** The blocks; nothing if one cannot be ordered in itself. */
  private join(): ReadonlyArray<Block> | undefined {
    const { commands } = this.partition
    const blocks: Array<Block> = []
    let joined = 0
    for (const cluster of this.clusters.values()) {
      if (cluster.producer >= 0 && commands[cluster.producer]!.observes >= 0) continue
      const chain: Array<Cluster> = []
      for (let at: Cluster | undefined = cluster; at !== undefined; at = this.clusters.get(at.taker)) {
        chain.push(at)
        if (at.taker === -1) break
      }
      joined += chain.length
      const block = this.block(chain)
      if (block === undefined) return undefined
      blocks.push(block)
    }
    if (joined === this.clusters.size) return blocks
    // What no chain reached goes round in a circle of cas.
    for (const { producer } of this.clusters.values()) if (producer >= 0) this.culprits.push(producer)
    return undefined
  }

  private block(chain: ReadonlyArray<Cluster>): Block | undefined {
    const { calls, dones } = this.partition
    const members: Array<number> = []
    let earliestReturn = Number.POSITIVE_INFINITY
    let latestCall = Number.NEGATIVE_INFINITY
    let fits = true
    for (const { producer, observers } of chain) {
      if (producer >= 0) {
        members.push(producer)
        fits &&= dones[producer]! >= latestCall
        earliestReturn = Math.min(earliestReturn, dones[producer]!)
        latestCall = Math.max(latestCall, calls[producer]!)
      } else earliestReturn = Number.NEGATIVE_INFINITY
      const mustBeAfter = latestCall
      for (const observer of observers) {
        members.push(observer)
        fits &&= dones[observer]! >= mustBeAfter
        earliestReturn = Math.min(earliestReturn, dones[observer]!)
        latestCall = Math.max(latestCall, calls[observer]!)
      }
    }
    if (fits) return { members, earliestReturn, latestCall }
    this.culprits.push(...members)
    return undefined
  }

  /** Finds two blocks that must each come before the other. */
  private conflict(blocks: ReadonlyArray<Block>): boolean {
    const isForward = (block: Block) => block.earliestReturn < block.latestCall
    const forward = blocks.filter(isForward).sort((a, b) => (a.earliestReturn < b.earliestReturn ? -1 : 1))
    const clash = (a: Block, b: Block) => {
      this.culprits.push(...a.members, ...b.members)
      return true
    }
    for (let at = 1; at < forward.length; at++) {
      if (forward[at]!.earliestReturn < forward[at - 1]!.latestCall)
        return clash(forward[at - 1]!, forward[at]!)
    }
    for (const block of blocks) {
      if (isForward(block)) continue
      let low = 0
      let high = forward.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (forward[middle]!.earliestReturn < block.latestCall) low = middle + 1
        else high = middle
      }
      const around = forward[low - 1]
      if (around !== undefined && block.earliestReturn < around.latestCall) return clash(around, block)
    }
    return false
  }
}

/**
 * Decides the partition if every value that was seen in it has exactly one producer, the initial value
 * counting as one.
 *
 * @param initial the number of the value that is there before the first operation.
 */
export const checkZones = (partition: Partition<Transition>, initial: number): ZoneVerdict =>
  new Zones(partition, initial).decide()
