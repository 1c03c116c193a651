/** VFindSafe for a whole log (figure 4): which slots are bound to a value, and which are free. */
import type { Configuration } from "../configuration.ts"
import { isAcceptorOf } from "../configuration.ts"
import type { Replica, Slot } from "../ids.ts"
import type { Prepared } from "../messages.ts"

/**
 * Slots through `boundThrough` are bound to the entries in the log of `source`; those behind it are free
 * (AllSafe).
 */
export interface FindSafe {
  readonly source: Replica
  readonly boundThrough: Slot
}

/**
 * One answer decides: any acceptor of the previous configuration is a read quorum of it, for the write quorum
 * is all. An answer of anybody else decides nothing.
 */
export const findSafe = (prev: Configuration, from: Replica, prepared: Prepared): FindSafe | undefined =>
  isAcceptorOf(prev, from) ? { source: from, boundThrough: prepared.lastSlot } : undefined
