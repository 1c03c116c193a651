/** What must hold of leases in every state of a group's model (docs/protocol.md, section 6). */
import { noBallot, type Slot } from "../../../protocol/ids.ts"
import type { LeaderInput } from "../../../protocol/leader/input.ts"
import { leads } from "../../../protocol/leader/leader.ts"
import type { Pool } from "../pool.ts"
import type { History } from "./laws.ts"
import { nowMs, question } from "./node.ts"
import { nodeNames } from "./scope.ts"
import type { World } from "./world.ts"

/** What a node may do under a lease, now. */
interface Reading {
  /** The ballot that it holds a lease of; 0 where it holds none. */
  readonly ballot: number
  /** It answers a question that comes now from a state through this slot; -1: not under a lease. */
  readonly slot: Slot | -1
}

const flush: LeaderInput = { _tag: "Flush", wallMs: 0 }

export class LeaseLaws {
  readonly #world: World
  readonly #histories: Pool<History>
  readonly #readings: Array<Reading> = []

  constructor(world: World, histories: Pool<History>) {
    this.#world = world
    this.#histories = histories
  }

  /**
   * While a leader may read under a lease no higher ballot is active, hence no other leader reads; and it
   * reads all that is chosen. A question that came earlier is answered only under a lease that runs still:
   * what holds in every state holds of its answer as well.
   */
  broken(words: Int32Array): string | undefined {
    const { scope } = this.#world
    for (let index = 0; index < scope.nodes; index++) {
      const { ballot, slot } = this.#readingOf(words[index]!)
      if (ballot === noBallot) continue
      const { active } = this.#world.masterFactsOf(words[scope.nodes]!)
      if (active > ballot)
        return `one lease: ${nodeNames[index]} may read in ballot ${ballot}, and ballot ${active} is active`
      const chosen = this.#histories.values[words[scope.nodes + 1]!]!.chosen.length - 1
      if (slot >= 0 && slot < chosen)
        return `no stale read: ${nodeNames[index]} reads through slot ${slot}, and ${chosen} is chosen`
    }
    return undefined
  }

  #readingOf(node: number): Reading {
    return (this.#readings[node] ??= this.#read(node))
  }

  /** Asks the cores: as the actors do, a question first, and whether the lease runs after it was answered. */
  #read(id: number): Reading {
    const { cores, nodes } = this.#world
    const { leader, log } = nodes.values[id]!
    const ballot = leads(leader)?.ballot ?? noBallot
    if (ballot === noBallot || !cores.holdsLease(leader, ballot, nowMs)) return { ballot: noBallot, slot: -1 }
    const asked = cores.leaderStep(leader, log, question, nowMs)
    const { outputs } = cores.leaderStep(asked.state, log, flush, nowMs)
    const answer = outputs.find((output) => output._tag === "Answer" && output.lease !== undefined)
    return { ballot, slot: answer?._tag === "Answer" ? answer.slot : -1 }
  }
}
