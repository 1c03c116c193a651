/** A connection to a cluster as its users see it. */
import type { Effect } from "effect"
import type { Machine } from "../protocol/machine.ts"
import type { BadSubject, BusUnavailable } from "../runtime/bus/port.ts"
import type { Kv } from "./kv.ts"
import type { Replicated } from "./replicated.ts"

/** A connection to a cluster. What it hands out lives as long as it does. */
export interface AplombShape {
  readonly cluster: string
  /** The group that replicates `machine`. Keep what you get: each call makes a client, with a session of its own. */
  readonly group: <State, Command, Reply, Question, Answer>(
    machine: Machine<State, Command, Reply, Question, Answer>,
    group?: string
  ) => Effect.Effect<Replicated<Command, Reply, Question, Answer>, BusUnavailable | BadSubject>
  /** The key-value store of a group. */
  readonly kv: (group?: string) => Effect.Effect<Kv, BusUnavailable | BadSubject>
}
