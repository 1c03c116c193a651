/** For how long clients have been able to reach who leads their group, as no client can know it. */
import type { Facts, Reached, WatchedGroup } from "../laws/laws.ts"
import type { Caller } from "./callers.ts"

interface ReachFacts extends Pick<Facts, "group" | "ledger" | "master" | "running"> {
  /** Whether both processes run, and whatever they say to each other arrives. */
  readonly reaches: (one: string, other: string) => boolean
}

/** To be told of the time; it tells whom a client reaches, and since when. */
export class Reach implements Reached {
  readonly #facts: ReachFacts
  readonly #sinceMs = new Map<Caller, number>()
  #choosing: { readonly of: WatchedGroup; readonly chosen: number } | undefined
  leader: WatchedGroup | undefined

  constructor(facts: ReachFacts) {
    this.#facts = facts
  }

  look(nowMs: number): void {
    this.#lookAtLeader()
    const { group, ledger, reaches } = this.#facts
    for (const caller of ledger.callers.byClient.values()) {
      if (caller.group !== group) continue
      const isThere = this.leader !== undefined && caller.state() === "running"
      if (!isThere || !reaches(caller.name, this.leader!.node)) this.#sinceMs.delete(caller)
      else if (!this.#sinceMs.has(caller)) this.#sinceMs.set(caller, nowMs)
    }
  }

  sinceMs(caller: Caller): number | undefined {
    return this.#sinceMs.get(caller)
  }

  #lookAtLeader(): void {
    const { active } = this.#facts.master ?? {}
    const of = active === undefined ? undefined : this.#facts.running.get(active.leader.node)
    const state = of?.parts.leader()
    const leads = state?._tag === "Serving" && state.configuration.ballot === active?.ballot
    const before = this.#choosing
    const moves = leads && (before?.of !== of || before!.chosen < state.chosen)
    this.leader = leads && (moves || state.last === state.chosen) ? of : undefined
    this.#choosing = leads ? { of: of!, chosen: state.chosen } : undefined
  }
}
