/** What a leader has had its acceptors tell a lone client, and what it hears of that (section 5). */
import { type Slot, sameReplica, slotMax } from "../ids.ts"
import type { Accepted, Counted } from "../messages.ts"
import { acknowledge } from "../replication/progress.ts"
import type { Output } from "../step.ts"
import type { Serving } from "./state.ts"

/** All that a client may know of: what is chosen here, and what acceptors may have told one themselves. */
export const knownSlot = ({ chosen, told }: Serving): Slot => slotMax(chosen, told)

/** Its own acceptor has synced a command that others tell the client of: what it will come to can be told. */
export const foretold = (
  before: Serving,
  { self, progress, told, chosen, configuration }: Serving
): ReadonlyArray<Output> => {
  const isSynced = (of: Serving["progress"]) => (of.get(self.node)?.acknowledged ?? 0) >= told
  if (told <= chosen || isSynced(before.progress) || !isSynced(progress)) return []
  return [{ _tag: "Foretell", slot: told, configuration }]
}

/**
 * The same state where a client has counted nothing new; else with the acknowledgements that it must have
 * got. It can only have counted what it was to be told, in this ballot, of whoever was an acceptor then:
 * those of now were.
 */
export const withCounted = (state: Serving, counted: Counted | undefined): Serving => {
  const { told, chosen, configuration, self } = state
  if (counted === undefined || counted.slot !== told || told <= chosen) return state
  if (counted.ballot !== configuration.ballot) return state
  const accepted: Accepted = {
    _tag: "Accepted",
    ballot: counted.ballot,
    lastSlot: told,
    round: 0,
    grantedMs: 0
  }
  let { progress } = state
  for (const acceptor of configuration.acceptors) {
    // Its own acceptor tells it itself, and has done so: the client heard of the rest by that.
    if (!sameReplica(acceptor, self)) progress = acknowledge({ ...state, progress }, acceptor, accepted)
  }
  return { ...state, progress }
}
