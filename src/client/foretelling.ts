/**
 * A command's result before its leader sends it: what the leader has foretold comes true when all acceptors
 * that it named have told that they have synced it (protocol, section 5, point 8).
 */
import type { Ballot, NodeId, Replica, Slot, StorageId } from "../protocol/ids.ts"
import type { Synced } from "../protocol/messages.ts"
import type { Foretold } from "../wire/client-codec.ts"

/** The newest of what one acceptor has told. */
interface Told {
  readonly storage: StorageId
  readonly ballot: Ballot
  readonly slot: Slot
}

/** More names than any group has are junk. */
const nodesMax = 64

/** Puts together what a leader and its acceptors say about the newest command; either may come first. */
export class Foretelling {
  readonly #told = new Map<NodeId, Told>()
  #foretold: Foretold | undefined

  /** A leader says what a command will come to. Returns it once it has come true. */
  foretold(foretold: Foretold): Foretold | undefined {
    const before = this.#foretold
    if (before !== undefined && isLater(before, foretold)) return undefined
    this.#foretold = foretold
    return this.#settled()
  }

  /** An acceptor says what it has synced. Returns what has come true by it. */
  synced({ node, storage }: Replica, { ballot, slot }: Synced): Foretold | undefined {
    const before = this.#told.get(node)
    // Told in any order: what was synced in a ballot stays so; of two ballots the later one counts.
    if (before !== undefined && isLater(before, { ballot, slot })) return undefined
    if (this.#told.size >= nodesMax) this.#told.clear()
    this.#told.set(node, { storage, ballot, slot })
    return this.#settled()
  }

  #settled(): Foretold | undefined {
    const foretold = this.#foretold
    if (foretold === undefined || !foretold.waitsFor.every((one) => this.#has(one, foretold)))
      return undefined
    this.#foretold = undefined
    return foretold
  }

  /** In that ballot itself: what was synced in another one says nothing of this command. */
  #has({ node, storage }: Replica, { ballot, slot }: Foretold): boolean {
    const told = this.#told.get(node)
    return told?.storage === storage && told.ballot === ballot && told.slot >= slot
  }
}

interface Place {
  readonly ballot: Ballot
  readonly slot: Slot
}

const isLater = (a: Place, b: Place): boolean =>
  a.ballot > b.ballot || (a.ballot === b.ballot && a.slot > b.slot)
