/**
 * Questions that leaders answer by rounds (docs/protocol.md, section 6). One waits at a leader at most: of
 * several, each asks for a round of its own.
 */
import type { State } from "../model.ts"
import { PairMap } from "../pair-map.ts"
import type { Pool } from "../pool.ts"
import { addToSoup } from "../soup.ts"
import { sorts } from "./envelope.ts"
import type { History } from "./laws.ts"
import { nodeNames } from "./scope.ts"
import type { Transition, World } from "./world.ts"

const slotsMax = 64

export class ReadLaws {
  readonly #world: World
  readonly #histories: Pool<History>
  readonly #changed = new PairMap()

  constructor(world: World, histories: Pool<History>) {
    this.#world = world
    this.#histories = histories
  }

  /** What an answer lacks that was known as chosen before its question came; notes a question that waits. */
  afterStep(
    before: Int32Array,
    after: State,
    soup: number,
    index: number,
    { answers }: Transition
  ): string | undefined {
    const world = this.#world
    const name = nodeNames[index]!
    const at = world.scope.nodes + 1
    const wasAsked = world.factsOf(before[index]!).isAsked
    const { chosen, reads } = this.#histories.values[before[at]!]!
    const least = wasAsked ? reads!.get(name)! : Math.max(0, chosen.length - 1)
    for (const slot of answers)
      if (slot < least)
        return `no stale read: ${name} answers from slot ${slot}, and ${least} was chosen before it was asked`
    if (wasAsked) this.end(after, soup, index)
    else if (world.factsOf(after.words[index]!).isAsked)
      after.words[at] = this.#with(after.words[at]!, index, least)
    return undefined
  }

  /** No question waits at a node any more: what it has sent is as old to the next one as all before. */
  end(after: State, soup: number, index: number): void {
    const world = this.#world
    const at = world.scope.nodes + 1
    const { reads } = this.#histories.values[after.words[at]!]!
    if (reads?.has(nodeNames[index]!) !== true || world.factsOf(after.words[index]!).isAsked) return
    after.words[at] = this.#with(after.words[at]!, index, -1)
    const ids = after.words.slice(soup, after.size)
    after.size = soup
    for (const id of ids) addToSoup(after, soup, this.#isOf(id, index) ? world.aged(id) : id)
  }

  /** An Accept of this leader, or what was answered to one. */
  #isOf(id: number, index: number): boolean {
    const { envelopeSort, envelopeFrom, envelopeTo } = this.#world
    if (envelopeSort[id] === sorts.toAcceptor) return envelopeFrom[id] === index
    return envelopeSort[id] === sorts.toLeader && envelopeTo[id] === index
  }

  /** The history once a question waits at a node that must know of so many slots; -1: none does any more. */
  #with(history: number, index: number, least: number): number {
    const known = this.#changed.get(history, index * slotsMax + least + 1)
    if (known >= 0) return known
    const { reads: before, ...rest } = this.#histories.values[history]!
    const reads = new Map(before)
    if (least < 0) reads.delete(nodeNames[index]!)
    else reads.set(nodeNames[index]!, least)
    const changed = this.#histories.intern(reads.size === 0 ? rest : { ...rest, reads })
    this.#changed.set(history, index * slotsMax + least + 1, changed)
    return changed
  }
}
