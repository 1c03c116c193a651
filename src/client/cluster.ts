/** A connection to a cluster as its users see it. */
import type { Effect } from "effect"
import type { Machine } from "../protocol/learner/machine.ts"
import type { BadSubject, BusUnavailable } from "../runtime/bus/port.ts"
import type { Rejected } from "./errors.ts"
import type { Kv } from "./kv.ts"
import type { Operators } from "./operators.ts"
import type { Replicated } from "./replicated.ts"

/** Why there is no client of a group. */
export type NoClient = BusUnavailable | BadSubject | Rejected

/** A connection to a cluster. What it hands out lives as long as it does. */
export interface AplombShape {
  readonly cluster: string
  /**
   * The group (`main` unless named) that replicates `machine`, which must be the machine that its nodes run.
   * Keep what you get: each call makes a client, with a session of its own. Waits for a bus that is away.
   * Fails where it is closed, or does not let this client listen; with `Rejected` at once where the name of
   * the group can be none. Whether there is such a group, and whether anybody leads it, shows with the first
   * command.
   */
  readonly group: <State, Command, Reply, Question, Answer>(
    machine: Machine<State, Command, Reply, Question, Answer>,
    group?: string
  ) => Effect.Effect<Replicated<Command, Reply, Question, Answer>, NoClient>
  /** What operators do: who leads a group, who votes in it. */
  readonly operators: Operators
  /** The key-value store of a group (`main` unless named); the same holds for it. */
  readonly kv: (group?: string) => Effect.Effect<Kv, NoClient>
}
