/** A leader that stays away, and a spare that has to find the next one by itself. */
import { Effect } from "effect"
import { always } from "../../assert.ts"
import { awaiting } from "../../awaiting.ts"
import type { FaultFamily } from "../../swarm/swarm.ts"

const isReplaced = always("gone-leaders: a spare takes the place of a leader that stays away")

/** Far longer than it takes to miss a leader, to follow another one, and to be taken in. */
const wholeWithinMs = 15_000

/** The leader goes down, once the group has all its acceptors, and stays away until that is so again. */
export const goneLeaders: FaultFamily = {
  name: "gone-leaders",
  share: 1,
  begin: (world) =>
    Effect.gen(function* () {
      const { random, cluster } = world
      yield* Effect.sleep(random.range(2_000, 4_000))
      const leader = cluster?.oracle.master?.active?.leader.node
      const process = cluster?.processes.get(leader ?? "")
      if (cluster === undefined || process === undefined || !cluster.isWhole()) return yield* Effect.never
      const isGone = () =>
        cluster.oracle.master?.active?.acceptors.every(({ node }) => node !== leader) === true
      const back = awaiting(() => isGone() && cluster.isWhole(), { everyMs: 50, forMs: wholeWithinMs })
      const watch = Effect.map(back, (isWhole) => isReplaced.check(isWhole || world.phase !== "chaos"))
      yield* Effect.raceFirst(watch, world.reboot(process, "crash", wholeWithinMs + 1_000))
      return yield* Effect.never
    })
}
