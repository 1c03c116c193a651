/** What a state of the register's model is made of. */
import type { Replica } from "../../../protocol/ids.ts"
import type {
  Attempt,
  FromKeeper,
  Keeper,
  Kept,
  Operation,
  ToKeeper
} from "../../../protocol/master/cas-paxos.ts"

/** How much of the register's behaviour a search covers. */
export interface RegisterScope {
  /** How many attempts each proposer may begin. */
  readonly attempts: ReadonlyArray<number>
  /** A proposer may leave an operation that nothing is known of, and begin another one. */
  readonly givesUp?: true
}

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
  /** The number of its last ticket. */
  readonly above: number
  /** The version that it read or wrote last. */
  readonly version: number
  /** What anybody had been told when its operation began. */
  readonly least: number
}

/** To a keeper, or from it: on its way, for good. */
export type Letter = Question | Answer

export interface Question {
  readonly proposer: number
  readonly keeper: Replica
  readonly ask: ToKeeper
}

export interface Answer {
  readonly proposer: number
  readonly keeper: Replica
  readonly answer: FromKeeper
}

/** What a keeper makes of a question; -1 where there is no answer, or no vote. */
export interface Asked {
  readonly keeper: number
  readonly answer: number
  readonly vote: number
}

/**
 * What a proposer makes of an answer. "idle": nothing that matters; "counted": it waits for more; "moved": it
 * asks something else, or is told an outcome (`told` is -1 where it is not).
 */
export interface Heard {
  readonly kind: "idle" | "counted" | "moved"
  readonly proposer: number
  readonly asks: ReadonlyArray<number>
  readonly told: number
}

/** How a proposer begins. */
export const begins = ["reads", "swaps", "tries again"] as const
