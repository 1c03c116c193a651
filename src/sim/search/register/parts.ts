/** What a state of the register's model is made of. */
import type { Attempt, FromKeeper, Keeper, Kept, Operation, ToKeeper } from "../../../protocol/cas-paxos.ts"
import type { Replica } from "../../../protocol/ids.ts"

/** A keeper, and what its disk has: a crash leaves it that only. */
export interface KeeperLife {
  readonly keeper: Keeper
  readonly disk: Kept
}

export interface Proposer {
  readonly name: string
  readonly attempt: Attempt | undefined
  readonly operation: Operation | undefined
  readonly attempts: number
  readonly above: number
  /** The version that it read or wrote last. */
  readonly version: number
  /** What anybody had been told when its operation began. */
  readonly least: number
}

/** On its way, for good. */
export type Letter =
  | { readonly proposer: number; readonly keeper: Replica; readonly ask: ToKeeper }
  | { readonly proposer: number; readonly keeper: Replica; readonly answer: FromKeeper }

/** What the delivery of a letter makes of the one who gets it: the same whenever both are the same. */
export interface Delivered {
  readonly word: number
  readonly letters: ReadonlyArray<number>
  readonly historyWord: number
}
