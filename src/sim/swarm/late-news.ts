/** Nodes that hear the others late, while one of those takes the lead: what they believe is out of date. */
import { Effect } from "effect"
import { sometimes } from "../assert.ts"
import { timedFault } from "../kernel/timed-fault.ts"
import type { WatchedGroup } from "../laws/laws.ts"
import { askForLead } from "./ask-for-lead.ts"
import { clusterFor, type FaultFamily } from "./swarm.ts"

const overtaken = sometimes("late-news: a leader served on that did not know of the one that had replaced it")

/**
 * All that others send to one node, the leader more often than not, comes late for a while, and in order;
 * some clients hear only that node in time. Another node asks for the lead meanwhile, without it.
 */
export const lateNews: FaultFamily = {
  name: "late-news",
  share: 1,
  begin: (world) => {
    const { random, bus } = world
    const { oracle } = clusterFor(world, "late-news")
    const everyMs = random.range(100, 800)
    const durationMs = { min: 10, max: random.range(100, 600) }
    let asked = 0
    const ask = (candidate: WatchedGroup, ...others: ReadonlyArray<WatchedGroup>) => {
      if (oracle.running.get(candidate.node) !== candidate) return
      askForLead(world, candidate, others, `late/${++asked}`)
    }
    const isServing = (of: WatchedGroup) => of.parts.leader()._tag === "Serving"
    return timedFault(random, { everyMs, durationMs }, (lateMs) =>
      Effect.gen(function* () {
        const up = [...oracle.running.values()]
        if (up.length < 2) return
        const leader = up.find(isServing)
        const behind = leader !== undefined && random.chance(0.8) ? leader : random.pick(up)
        const [candidate, ...others] = random.shuffle(up.filter((of) => of !== behind))
        if (candidate === undefined) return
        const deaf = world.clients.filter(() => random.chance(0.5)).map(({ name }) => name)
        for (const { node } of [candidate, ...others])
          for (const to of [behind.node, ...deaf]) bus.network.clog(node, to, 1_000 * lateMs)
        yield* Effect.sleep(random.range(0, Math.ceil(lateMs / 2)))
        ask(candidate, ...others)
        yield* Effect.sleep(random.range(0, lateMs))
        overtaken.check(isServing(behind) && isServing(candidate))
        yield* Effect.sleep(lateMs)
        ask(candidate, behind, ...others)
      })
    )
  }
}
